import { Refusal } from "../../../../base/cause.ts";
import { foreign, type Message, say } from "../../../../base/say.ts";
import { requireText } from "../../../../domain/limits/text.ts";
import { ApiFailure } from "./failure.ts";

/** Default maximum length of a list; operations set a lower one where the product does. */
export const maxList = 50;
export type JsonType = "str" | "int" | "bool" | JsonType[] | { [name: string]: JsonType };

/** One parameter of an operation: its type, its rule for people, and its parser. T is the type of the parsed value. */
export interface Parameter<T> {
  type: JsonType;
  required: boolean;
  /** The rule for people; "" = any value of the type is allowed. */
  rule: string;
  /** Error codes for a missing or invalid value, if the product has specific ones. */
  missingCode: string | undefined;
  invalidCode: string | undefined;
  /** Parses the value; undefined = absent. Throws Unreadable. */
  read(name: string, parameters: ReadonlyMap<string, string>): T | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the values' types are taken from the declaration by inference
export type Parameters = Record<string, Parameter<any> & { required: boolean }>;

export type Values<P extends Parameters> = {
  [K in keyof P]: P[K] extends Parameter<infer T> & { required: true }
    ? T
    : P[K] extends Parameter<infer T>
      ? T | undefined
      : never;
};

/** Reason why a value is invalid; it completes the message "… is not valid: …". */
class Unreadable extends Error {
  readonly said: Message;

  constructor(said: Message) {
    super(said.text);
    this.said = said;
  }
}

interface Codes {
  /** Error code for an invalid value. */
  invalid?: string;
  /** Error code for a missing value. */
  missing?: string;
}

interface TextOptions extends Codes {
  /** Name of the value in refusals, if a command has a rule for it; default: the parameter's name. */
  field?: string | Message;
  min?: number;
  max?: number;
  pattern?: RegExp;
  oneOf?: readonly string[];
  /** The rule for people; required with `pattern`. */
  rule?: Message;
}

type Optional<T> = Parameter<T> & { required: false };

function optional<T>(
  type: JsonType,
  rule: string,
  codes: Codes,
  read: (name: string, parameters: ReadonlyMap<string, string>) => T | undefined,
): Optional<T> {
  return { type, required: false, rule, missingCode: codes.missing, invalidCode: codes.invalid, read };
}

/** A parameter with one value. An empty value counts as absent, because official clients send unset fields like that. */
function single<T>(type: JsonType, rule: string, codes: Codes, parse: (text: string, name: string) => T): Optional<T> {
  return optional(type, rule, codes, (name, parameters) => {
    const value = parameters.get(name);
    if (value === undefined || value === "") {
      return undefined;
    }
    return parse(value, name);
  });
}

/** Accepts rules of domain/limits/text.ts, or limits of the published API; both are checked with requireText. */
export function text(rule: TextOptions = {}): Optional<string> {
  const { min = 0, max = 512, pattern, oneOf } = rule;
  const words =
    rule.rule ??
    (oneOf ? foreign(oneOf.join(" | ")) : rule.min || rule.max ? say("rule_characters", { min, max }) : foreign(""));
  return single("str", words.text, rule, (value, name) => {
    const field = rule.field ?? say("field_parameter", { name });
    requireText({ field, min, max, pattern, rule: words }, value);
    if (oneOf && !oneOf.includes(value)) throw new Unreadable(say("parameter_one_of", { known: oneOf.join(", ") }));
    return value;
  });
}

interface WholeRule extends Codes {
  min?: number;
  max?: number;
  oneOf?: readonly number[];
  rule?: Message;
}

const numbersAllowed = ({ min, max, oneOf }: WholeRule): string => {
  if (oneOf) return oneOf.join(", ");
  return min === undefined && max === undefined ? "" : `${min ?? "…"}-${max ?? "…"}`;
};

export function whole(rule: WholeRule = {}): Optional<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, oneOf } = rule;
  const words = rule.rule ?? foreign(numbersAllowed(rule));
  return single("int", words.text, rule, (value) => {
    const number = Number(value);
    if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(number)) throw new Unreadable(say("parameter_whole"));
    if (number < min || number > max) throw new Unreadable(say("parameter_range", { min, max }));
    if (oneOf && !oneOf.includes(number)) throw new Unreadable(say("parameter_one_of", { known: words }));
    return number;
  });
}

/** A boolean. Official clients differ in letter case, so any case is accepted. */
export function bool(rule: Message = foreign("")): Optional<boolean> {
  return single("bool", rule.text, {}, (value) => {
    const lower = value.toLowerCase();
    if (lower !== "true" && lower !== "false") throw new Unreadable(say("parameter_truth"));
    return lower === "true";
  });
}

/** A list `Name.1`, `Name.2`, …. Gaps are ignored; indices above the maximum are refused. */
export function list<T>(item: Parameter<T>, max = maxList, codes: Codes = {}): Optional<T[]> {
  return optional(
    [item.type],
    (item.rule ? say("rule_list_of", { max, rule: item.rule }) : say("rule_list", { max })).text,
    codes,
    (name, parameters) => {
      const numbers = numbersOf(name, parameters, max);
      if (numbers.length === 0) return undefined;
      return numbers.flatMap((number) => item.read(`${name}.${number}`, parameters) ?? []);
    },
  );
}

/** A structure `Name.Key`, as an element of a list. */
export function record<P extends Parameters>(fields: P): Optional<Values<P>> {
  const type = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.type]));
  return optional(type, say("rule_record", { keys: Object.keys(fields).join(", ") }).text, {}, (name, parameters) => {
    const out: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      out[key] = field.read(`${name}.${key}`, parameters);
      if (field.required && out[key] === undefined) throw new Unreadable(say("parameter_key_missing", { key }));
    }
    return out as Values<P>;
  });
}

function numbersOf(name: string, parameters: ReadonlyMap<string, string>, max: number): number[] {
  // Refuse a bare value: treating it as absent would clear what the list replaces, or make a filter match everything.
  if (parameters.get(name)) throw new Unreadable(say("parameter_list", { name }));
  const prefix = `${name}.`;
  const numbers = new Set<number>();
  for (const key of parameters.keys()) {
    if (!key.startsWith(prefix)) continue;
    const first = key.slice(prefix.length).split(".", 1)[0] ?? "";
    if (!/^[1-9]\d{0,8}$/.test(first)) throw new Unreadable(say("parameter_list_numbers"));
    if (Number(first) > max) throw new Unreadable(say("parameter_list_most", { max }));
    numbers.add(Number(first));
  }
  return [...numbers].sort((a, b) => a - b);
}

export function required<T>(parameter: Optional<T>): Parameter<T> & { required: true } {
  return { ...parameter, required: true };
}

/** Parses all declared parameters and ignores others, as the product's gateway does. */
export function readParameters<P extends Parameters>(declared: P, parameters: ReadonlyMap<string, string>): Values<P> {
  const out: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    let value: unknown;
    try {
      value = parameter.read(name, parameters);
    } catch (error) {
      const code = parameter.invalidCode ?? `Invalid${name}`;
      if (error instanceof Refusal) throw new ApiFailure(code, error.said, "", error.code);
      if (!(error instanceof Unreadable)) throw error;
      throw new ApiFailure(code, say("parameter_invalid", { name, reason: error.said }));
    }
    if (value === undefined && parameter.required) {
      throw new ApiFailure(parameter.missingCode ?? `Missing${name}`, say("parameter_missing", { name }));
    }
    out[name] = value;
  }
  return out as Values<P>;
}
