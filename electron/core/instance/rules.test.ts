import { create, type DescField, type DescMessage, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { field as fieldRules, PredefinedRulesSchema } from "#buf/validate/validate_pb.js";
import { ClientService, DialResponseSchema, TokensSchema } from "#proto/client/v1/client_pb.js";
import { AccessPointSchema, SessionService } from "#proto/client/v1/session_pb.js";
import { WarningSchema } from "#proto/types/v1/state_pb.js";
import { checksOf, keepsRules, UnknownRule } from "./rules.ts";

const answers = ([ClientService, SessionService] as DescService[]).flatMap((service) =>
  service.methods.filter(({ methodKind }) => methodKind === "unary").map(({ output }) => output),
);

describe("rules of the contract", () => {
  it("are all implemented for the answers of a cloud instance", () => {
    const seen = new Set<DescMessage>();
    const walk = (schema: DescMessage) => {
      if (seen.has(schema)) return;
      seen.add(schema);
      checksOf(schema);
      for (const field of schema.fields) if (field.message) walk(field.message);
    };
    for (const schema of answers) walk(schema);
    expect(seen.size).toBeGreaterThan(20);
  });

  it("throw if they are not implemented", () => {
    expect(() => checksOf(PredefinedRulesSchema)).not.toThrow();
    // RenewRequest has a CEL expression; it is not an answer.
    const renew = SessionService.method.renew.input;
    expect(() => checksOf(renew)).toThrow(UnknownRule);
  });

  it("accept exactly what protovalidate accepts", () => {
    const { validate } = createValidator();
    let refused = 0;
    fc.assert(
      fc.property(
        fc.oneof(...answers.map((schema) => fc.tuple(fc.constant(schema), messageOf(schema, 0)))),
        ([schema, message]) => {
          const verdict = validate(schema, message).kind;
          if (verdict === "invalid") refused++;
          expect(keepsRules(schema, message)).toBe(verdict === "valid");
        },
      ),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(5);
  });

  it.each([
    ["a token that is too short", TokensSchema, { refreshToken: "x".repeat(15), accessToken: "x".repeat(16) }, false],
    ["tokens of the least length", TokensSchema, { refreshToken: "x".repeat(16), accessToken: "x".repeat(16) }, true],
    ["an answer without its session", DialResponseSchema, {}, false],
    ["a warning with parameters", WarningSchema, { messageKey: "tunnel.x", messageParams: { host: "a" } }, true],
    ["a parameter without a name", WarningSchema, { messageParams: { "": "a" } }, false],
    ["a parameter that is too long", WarningSchema, { messageParams: { host: "x".repeat(1025) } }, false],
    [
      "too many parameters",
      WarningSchema,
      { messageParams: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`p${at}`, ""])) },
      false,
    ],
    ["a probe address that is a name", AccessPointSchema, { probeAddress: "host.example" }, false],
  ])("%s", (_, schema, value, expected) => {
    const message = create(schema as DescMessage, value as never);
    expect(keepsRules(schema as DescMessage, message)).toBe(expected);
    expect(createValidator().validate(schema as DescMessage, message).kind).toBe(expected ? "valid" : "invalid");
  });
});

const texts: Record<string, { right: string[]; wrong: string[] }> = {
  ip: {
    right: ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"],
    wrong: ["", "1.2.3", "10.0.0.01", "x", "::1::", "10.0.0.1/8"],
  },
  ipWithPrefixlen: {
    right: ["10.0.0.1/32", "10.0.0.1/8", "fd00::1/128", "1:2:3:4:5:6:7::/64", "::1.2.3.4/96", "::/0"],
    wrong: ["", "10.0.0.1", "10.0.0.1/33", "fd00::1/129", "10.0.0.1/08", "10.0.0.1/ 8", "10.0.0.1/8/8", "fe80::1%a/64"],
  },
  ipPrefix: {
    right: ["10.0.0.0/8", "0.0.0.0/0", "255.255.255.255/32", "fd00::/8", "::/0", "::1.2.0.0/112", "1:2:3:4::/64"],
    wrong: ["10.0.0.1/8", "fd00::1/64", "1:2:3:4:5::/64", "10.0.0.0", "::1.2.3.0/112", "256.0.0.0/8"],
  },
};

/** Messages at the limits of their rules: each field valid or just beyond. */
function messageOf(schema: DescMessage, depth: number): fc.Arbitrary<ReturnType<typeof create>> {
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of schema.fields) parts[field.name] = arbitraryOf(field, depth);
  return fc.record(parts).map((values) => {
    const message = create(schema);
    const at = reflect(schema, message);
    for (const field of schema.fields) {
      const value = values[field.name];
      if (value === undefined) continue;
      if (field.fieldKind !== "list") at.set(field, wrapped(field, value));
      else for (const item of value as unknown[]) at.get(field).add(wrapped(field, item) as never);
    }
    return message;
  });
}

const wrapped = (field: DescField, value: unknown) =>
  (field.message ? reflect(field.message, value as never) : value) as never;

function arbitraryOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const rules = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  const beyond = { weight: 1, arbitrary: scalarOf(field, depth, true) };
  const one = fc.oneof({ weight: 40, arbitrary: scalarOf(field, depth, false) }, beyond);
  if (field.fieldKind !== "list") return rules?.required ? fc.option(one, { nil: undefined, freq: 40 }) : one;
  const list = rules?.type.case === "repeated" ? rules.type.value : undefined;
  const least = Number(list?.minItems ?? 0);
  const most = Number(list?.maxItems ?? 3);
  const lengths = depth > 1 ? [least] : [least, Math.min(most, least + 2)];
  return fc.oneof(
    ...lengths.map((n) => ({ weight: 20, arbitrary: fc.array(one, { minLength: n, maxLength: n }) })),
    ...(most < 40 && depth < 2
      ? [{ weight: 1, arbitrary: fc.array(one, { minLength: most + 1, maxLength: most + 1 }) }]
      : []),
  );
}

function scalarOf(field: DescField, depth: number, wrong: boolean): fc.Arbitrary<unknown> {
  if (field.message) {
    if (field.message.typeName !== "google.protobuf.Duration") return messageOf(field.message, depth + 1);
    const seconds = wrong ? fc.constantFrom(-1n, 0n, 2_678_401n) : fc.constantFrom(1n, 60n, 2_678_400n);
    return seconds.map((s) => create(field.message as DescMessage, { seconds: s, nanos: 0 } as never));
  }
  if (field.enum) return fc.constantFrom(...(wrong ? [99] : field.enum.values.map(({ number }) => number)));
  const all = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  const rules = all?.type.case === "repeated" ? all.type.value.items : all;
  const { type } = rules ?? {};
  if (type?.case === "string") {
    const { minLen, maxLen, pattern, wellKnown } = type.value;
    const { case: format } = wellKnown;
    if (format && format in texts) return fc.constantFrom(...(texts[format]?.[wrong ? "wrong" : "right"] ?? []));
    if (pattern) return wrong ? fc.string() : fc.stringMatching(new RegExp(pattern));
    const [least, most] = [Number(minLen ?? 0), Number(maxLen ?? 20)];
    // "𐐷" is one code point of two UTF-16 units.
    const filled = (n: number) => fc.constantFrom("a", "ü", "𐐷").map((letter) => letter.repeat(n));
    return wrong ? filled(least > 0 ? least - 1 : most + 1) : fc.constantFrom(least, most).chain(filled);
  }
  if (type?.case === "bytes") {
    const size = Number(type.value.len ?? type.value.maxLen ?? 4) + (wrong ? 1 : 0);
    return fc.uint8Array({ minLength: size, maxLength: size });
  }
  if (type?.case === "uint32") {
    const { greaterThan, lessThan } = type.value;
    const [least, most] = [Number(greaterThan.value ?? 0), Number(lessThan.value ?? 9)];
    return wrong ? fc.constantFrom(least - 1, most + 1).filter((n) => n >= 0) : fc.constantFrom(least, most);
  }
  return field.fieldKind === "scalar" || field.fieldKind === "list" ? plain(field) : fc.constant(undefined);
}

/** A value of a scalar without rules. */
function plain(field: DescField): fc.Arbitrary<unknown> {
  const zero = field.fieldKind === "scalar" ? create(field.parent)[field.localName as never] : "";
  return fc.constant(typeof zero === "undefined" ? undefined : zero);
}
