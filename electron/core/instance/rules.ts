import { isIP } from "node:net";
import { type DescField, type DescMessage, getOption, hasOption, isFieldSet, type Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  type BytesRules,
  BytesRulesSchema,
  type DurationRules,
  DurationRulesSchema,
  type EnumRules,
  EnumRulesSchema,
  type FieldRules,
  field as fieldRules,
  type MapRules,
  MapRulesSchema,
  message as messageRules,
  oneof as oneofRules,
  type RepeatedRules,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
  type UInt32Rules,
  UInt32RulesSchema,
} from "#buf/validate/validate_pb.js";
import { isNetwork, readPrefix } from "./prefix.ts";

/**
 * Whether a message satisfies the rules of its contract (buf.validate options in proto/). It implements the subset of
 * protovalidate that the answers of a cloud instance use, because that library takes 140 ms to start. rules.test.ts
 * compares the two and fails for a rule that is not implemented here.
 */
export function keepsRules(schema: DescMessage, value: Message): boolean {
  return holds(reflect(schema, value));
}

/** A rule that this file does not implement. */
export class UnknownRule extends Error {}

type Check = (value: unknown) => boolean;
type FieldCheck = (message: ReflectMessage) => boolean;

const compiled = new Map<DescMessage, FieldCheck[]>();

function holds(message: ReflectMessage): boolean {
  return checksOf(message.desc).every((check) => check(message));
}

/** The checks of a message type, created on first use. */
export function checksOf(schema: DescMessage): FieldCheck[] {
  let checks = compiled.get(schema);
  if (!checks) {
    if (hasOption(schema, messageRules) || schema.oneofs.some((oneof) => hasOption(oneof, oneofRules))) {
      throw new UnknownRule(`${schema.typeName} has rules about the whole message`);
    }
    checks = schema.fields.map(checkOf).filter((check) => check !== undefined);
    compiled.set(schema, checks);
  }
  return checks;
}

function checkOf(field: DescField): FieldCheck | undefined {
  const rules = hasOption(field, fieldRules) ? getOption(field, fieldRules) : undefined;
  if (rules && (rules.cel.length > 0 || rules.celExpression.length > 0 || rules.ignore !== 0)) {
    throw new UnknownRule(`${field.parent.typeName}.${field.name} has an expression, or is ignored at times`);
  }
  const value = valueCheck(field, rules);
  if (!value && !rules?.required) return undefined;
  return (message) => {
    const there = message.isSet(field);
    if (!there && rules?.required) return false;
    // A field with explicit presence is checked only if it is set; any other field always, also as zero or "".
    if (!there && field.presence !== implicit) return true;
    return value === undefined || value(message.get(field));
  };
}

/** FieldPresence.IMPLICIT of descriptors: proto3's plain scalars, lists and maps. */
const implicit = 2;

function valueCheck(field: DescField, rules: FieldRules | undefined): Check | undefined {
  switch (field.fieldKind) {
    case "message":
      return both(durationCheck(of(rules, "duration")), nested);
    case "enum":
      return enumCheck(field.enum.values, of<EnumRules>(rules, "enum"));
    case "scalar":
      return scalarCheck(rules);
    case "list": {
      const list = of<RepeatedRules>(rules, "repeated");
      const given = list
        ? stated<{ min_items: bigint; max_items: bigint; items: unknown }>(
            RepeatedRulesSchema,
            list,
            "min_items",
            "max_items",
            "items",
          )
        : {};
      const item = field.listKind === "message" ? nested : scalarCheck(list?.items);
      const enough = between(given.min_items, given.max_items);
      return (value) => {
        const items = [...(value as Iterable<unknown>)];
        return enough(items.length) && items.every((one) => item === undefined || item(one));
      };
    }
    case "map":
      return mapCheck(field, of<MapRules>(rules, "map"));
  }
}

function mapCheck({ mapKind }: DescField & { fieldKind: "map" }, map: MapRules | undefined): Check {
  const given = map ? stated<MapLimits>(MapRulesSchema, map, "min_pairs", "max_pairs", "keys", "values") : {};
  const enough = between(given.min_pairs, given.max_pairs);
  const key = scalarCheck(map?.keys);
  const item = mapKind === "message" ? nested : scalarCheck(map?.values);
  return (value) => {
    const pairs = [...(value as Iterable<[unknown, unknown]>)];
    return enough(pairs.length) && pairs.every(([name, one]) => (!key || key(name)) && (!item || item(one)));
  };
}

interface MapLimits extends Record<string, unknown> {
  min_pairs: bigint;
  max_pairs: bigint;
  keys: unknown;
  values: unknown;
}

const nested: Check = (value) => holds(value as ReflectMessage);

const both =
  (first: Check | undefined, second: Check): Check =>
  (value) =>
    (first === undefined || first(value)) && second(value);

/** The rules of one kind; throws for rules of another kind. */
function of<T>(rules: FieldRules | undefined, kind: NonNullable<FieldRules["type"]["case"]>): T | undefined {
  if (rules?.type.case === undefined) return undefined;
  if (rules.type.case !== kind) throw new UnknownRule(`rules of kind ${rules.type.case} in the place of ${kind}`);
  return rules.type.value as T;
}

/** The rules that are set, by their names in validate.proto; throws for one that is not among `names`. */
function stated<T extends Record<string, unknown>>(
  schema: DescMessage,
  rules: Message,
  ...names: (keyof T & string)[]
): Partial<T> {
  const at = reflect(schema, rules);
  const found: Record<string, unknown> = {};
  for (const field of schema.fields) {
    if (!isFieldSet(rules, field)) continue;
    if (!names.includes(field.name)) throw new UnknownRule(`${schema.typeName}.${field.name}`);
    found[field.name] = at.get(field);
  }
  return found as Partial<T>;
}

/** A check of a length or number; an unset limit allows everything. */
const between = (least: bigint | number | undefined, most: bigint | number | undefined) => {
  const [low, high] = [Number(least ?? 0), Number(most ?? Number.POSITIVE_INFINITY)];
  return (n: number) => n >= low && n <= high;
};

function scalarCheck(rules: FieldRules | undefined): Check | undefined {
  switch (rules?.type.case) {
    case undefined:
      return undefined;
    case "string":
      return stringCheck(rules.type.value);
    case "bytes":
      return bytesCheck(rules.type.value);
    case "uint32":
      return numberCheck(rules.type.value);
    default:
      throw new UnknownRule(`rules of kind ${rules?.type.case}`);
  }
}

interface StringLimits extends Record<string, unknown> {
  min_len: bigint;
  max_len: bigint;
  pattern: string;
  prefix: string;
}

/** The string formats of validate.proto that are implemented. */
const formats: Record<string, (text: string) => boolean> = {
  ip: (text) => isIP(text) !== 0,
  ip_with_prefixlen: (text) => readPrefix(text) !== undefined,
  ip_prefix: isNetwork,
};

function stringCheck(rules: StringRules): Check {
  const names = ["min_len", "max_len", "pattern", "prefix", ...Object.keys(formats)];
  const given = stated<StringLimits>(StringRulesSchema, rules, ...names);
  const long = between(given.min_len, given.max_len);
  const pattern = given.pattern === undefined ? undefined : new RegExp(given.pattern, "u");
  const format = Object.entries(formats).find(([name]) => given[name] === true)?.[1];
  return (value) => {
    const text = value as string;
    // Counts code points, not UTF-16 units.
    if (!long([...text].length) || !text.startsWith(given.prefix ?? "")) return false;
    return (format === undefined || format(text)) && (pattern === undefined || pattern.test(text));
  };
}

function bytesCheck(rules: BytesRules): Check {
  const given = stated<{ len: bigint; max_len: bigint }>(BytesRulesSchema, rules, "len", "max_len");
  const long = between(given.len, given.len ?? given.max_len);
  return (value) => long((value as Uint8Array).length);
}

function numberCheck(rules: UInt32Rules): Check {
  const given = stated<{ gte: number; lte: number }>(UInt32RulesSchema, rules, "gte", "lte");
  const large = between(given.gte, given.lte);
  return (value) => large(value as number);
}

function enumCheck(values: readonly { number: number }[], rules: EnumRules | undefined): Check | undefined {
  if (!rules) return undefined;
  const given = stated<{ defined_only: boolean; not_in: unknown }>(EnumRulesSchema, rules, "defined_only", "not_in");
  const { notIn } = rules;
  return (value) =>
    (!given.defined_only || values.some(({ number }) => number === value)) && !notIn.includes(value as number);
}

function durationCheck(rules: DurationRules | undefined): Check | undefined {
  if (!rules) return undefined;
  stated(DurationRulesSchema, rules, "gt", "gte", "lte");
  const { greaterThan, lessThan } = rules;
  return (value) => {
    const given = (value as ReflectMessage).message as Duration;
    if (greaterThan.case === "gt" && compare(given, greaterThan.value) <= 0) return false;
    if (greaterThan.case === "gte" && compare(given, greaterThan.value) < 0) return false;
    return lessThan.case !== "lte" || compare(given, lessThan.value) <= 0;
  };
}

const compare = (a: Duration, b: Duration): number =>
  a.seconds === b.seconds ? a.nanos - b.nanos : a.seconds < b.seconds ? -1 : 1;
