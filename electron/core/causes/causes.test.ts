import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { HopKind, WarningCode } from "#proto/types/v1/state_pb.js";
import { exitCodeOf, Failure, failureView, plainText } from "./failure.ts";
import { causeTable, exitInterrupted } from "./table.ts";
import { hopNames, warningTable } from "./warnings.ts";

const words = (values: object): string[] =>
  Object.keys(values)
    .filter((key) => !/^\d+$/.test(key) && key !== "UNSPECIFIED")
    .map((key) => key.toLowerCase())
    .sort();

describe("the cause table", () => {
  it("has every cause, warning and hop of the contract, and no other", () => {
    expect(Object.keys(causeTable).sort()).toEqual(words(Cause));
    expect(Object.keys(warningTable).sort()).toEqual(words(WarningCode));
    expect(Object.keys(hopNames).sort()).toEqual(words(HopKind));
  });

  it("has an exit code of its own for each", () => {
    const codes = Object.values(causeTable).map((row) => row.exit);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code > 0 && code < 126 && code !== exitInterrupted).toBe(true);
    expect([exitCodeOf("unknown"), exitCodeOf("invalid_argument")]).toEqual([1, 2]);
  });

  it("says one or two sentences in sentence case, never the word error", () => {
    for (const code of Object.keys(causeTable) as (keyof typeof causeTable)[]) {
      for (const details of [{}, { subject: "it.example", deviceName: "anna-laptop", retryAfterMs: 2500 }]) {
        const { message, action } = failureView(code, details);
        for (const text of [message, action]) {
          expect(text, code).not.toMatch(/error|tunnel established|undefined/i);
          if (!/^(it.example|anna-laptop) /.test(text)) expect(text, code).toMatch(/^\p{Lu}/u);
          expect(text, code).toMatch(/[.]$|--store file$/);
        }
      }
    }
    for (const row of Object.values(warningTable)) expect(row.message).toMatch(/^\p{Lu}.*[.]$/u);
  });
});

describe("Failure", () => {
  it("speaks the table's words", () => {
    const failure = new Failure("replaced", { deviceName: "bob\u001b[31m-phone" });
    expect(failure.message).toBe("bob [31m-phone took over this session.");
    expect(failure.view).toMatchObject({ cause: "replaced", mender: "you", deviceName: "bob [31m-phone" });
    expect(failureView("too_many_attempts", { retryAfterMs: 4200 }).action).toBe("Try again in 5 s.");
  });

  it("lets no control or direction character through", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(plain.length).toBeLessThanOrEqual(1024);
      }),
    );
  });
});
