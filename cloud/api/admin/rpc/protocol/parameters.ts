import { ApiFailure } from "./failure.ts";

/** Elements of a list; operations ask for fewer where the product does. */
export const maxList = 50;
export type JsonType = "str" | "int" | "bool" | JsonType[] | { [name: string]: JsonType };

/** One parameter of an operation: its type, its rule in words, and how it is read. T is what the handler gets. */
export interface Parameter<T> {
  type: JsonType;
  required: boolean;
  /** The rule for people; "" = any value of the type. */
  rule: string;
  /** Code when it is absent or wrong, where the product has one of its own. */
  missingCode: string | undefined;
  invalidCode: string | undefined;
  /** undefined = absent. Throws Unreadable. */
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

class Unreadable extends Error {}

interface Codes {
  /** Code when the value is wrong. */
  invalid?: string;
  /** Code when it is absent. */
  missing?: string;
}

interface TextRule extends Codes {
  min?: number;
  max?: number;
  pattern?: RegExp;
  oneOf?: readonly string[];
  /** In words; needed with `pattern`. */
  rule?: string;
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

/** Empty is absent: official clients send unset fields so. */
function single<T>(type: JsonType, rule: string, codes: Codes, parse: (text: string) => T): Optional<T> {
  return optional(type, rule, codes, (name, parameters) => {
    const value = parameters.get(name);
    if (value === undefined || value === "") {
      return undefined;
    }
    return parse(value);
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Characters are counted as people count them (code points). */
export function text(rule: TextRule = {}): Optional<string> {
  const { min = 0, max = 512, pattern, oneOf } = rule;
  const words = rule.rule ?? (oneOf ? oneOf.join(" | ") : rule.min || rule.max ? `${min}-${max} characters` : "");
  return single("str", words, rule, (value) => {
    const length = [...value].length;
    if (length < min || length > max)
      throw new Unreadable(`it must have ${min} to ${max} characters and has ${length}`);
    if (!value.isWellFormed() || control.test(value))
      throw new Unreadable("it must be one line without control characters");
    if (oneOf && !oneOf.includes(value)) throw new Unreadable(`it must be one of ${oneOf.join(", ")}`);
    if (pattern && !pattern.test(value)) throw new Unreadable(`it must be ${words}`);
    return value;
  });
}

interface WholeRule extends Codes {
  min?: number;
  max?: number;
  oneOf?: readonly number[];
  rule?: string;
}

export function whole(rule: WholeRule = {}): Optional<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, oneOf } = rule;
  const words =
    rule.rule ??
    (oneOf
      ? oneOf.join(", ")
      : rule.min !== undefined || rule.max !== undefined
        ? `${rule.min ?? "…"}-${rule.max ?? "…"}`
        : "");
  return single("int", words, rule, (value) => {
    const number = Number(value);
    if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(number)) throw new Unreadable("it must be a whole number");
    if (number < min || number > max) throw new Unreadable(`it must be from ${min} to ${max}`);
    if (oneOf && !oneOf.includes(number)) throw new Unreadable(`it must be one of ${words}`);
    return number;
  });
}

/** In any case, as official clients differ in it. */
export function truth(): Optional<boolean> {
  return single("bool", "", {}, (value) => {
    const lower = value.toLowerCase();
    if (lower !== "true" && lower !== "false") throw new Unreadable("it must be true or false");
    return lower === "true";
  });
}

/** `Name.1`, `Name.2`, …; gaps are closed, numbers beyond the maximum refused. */
export function list<T>(item: Parameter<T>, max = maxList, codes: Codes = {}): Optional<T[]> {
  return optional([item.type], `at most ${max}${item.rule ? `, each ${item.rule}` : ""}`, codes, (name, parameters) => {
    const numbers = numbersOf(name, parameters, max);
    if (numbers.length === 0) return undefined;
    return numbers.flatMap((number) => item.read(`${name}.${number}`, parameters) ?? []);
  });
}

/** `Name.Key`, as an element of a list. */
export function record<P extends Parameters>(fields: P): Optional<Values<P>> {
  const type = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.type]));
  return optional(type, `of ${Object.keys(fields).join(", ")}`, {}, (name, parameters) => {
    const out: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      out[key] = field.read(`${name}.${key}`, parameters);
      if (field.required && out[key] === undefined) throw new Unreadable(`its ${key} is missing`);
    }
    return out as Values<P>;
  });
}

function numbersOf(name: string, parameters: ReadonlyMap<string, string>, max: number): number[] {
  const prefix = `${name}.`;
  const numbers = new Set<number>();
  for (const key of parameters.keys()) {
    if (!key.startsWith(prefix)) continue;
    const first = key.slice(prefix.length).split(".", 1)[0] ?? "";
    if (!/^[1-9]\d{0,8}$/.test(first)) throw new Unreadable("its elements are numbered from 1");
    if (Number(first) > max) throw new Unreadable(`it has at most ${max} elements`);
    numbers.add(Number(first));
  }
  return [...numbers].sort((a, b) => a - b);
}

export function required<T>(parameter: Optional<T>): Parameter<T> & { required: true } {
  return { ...parameter, required: true };
}

/** Reads all declared parameters; others are ignored, as the product's gateway does. */
export function readParameters<P extends Parameters>(declared: P, parameters: ReadonlyMap<string, string>): Values<P> {
  const out: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(declared)) {
    let value: unknown;
    try {
      value = parameter.read(name, parameters);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw new ApiFailure(
        parameter.invalidCode ?? `Invalid${name}`,
        `The parameter ${name} is not valid: ${error.message}.`,
      );
    }
    if (value === undefined && parameter.required) {
      throw new ApiFailure(parameter.missingCode ?? `Missing${name}`, `The parameter ${name} is missing.`);
    }
    out[name] = value;
  }
  return out as Values<P>;
}
