import type { z } from "zod";
import { invalid, Refusal } from "../base/cause.ts";
import { foreign, type Message, say } from "../base/say.ts";

/** A refusal of parameters that do not match the declared schema. */
export class FormRefused extends Refusal {}

/** Parses untrusted input by its schema. Reports only the first error, with our own text. */
export function readInput<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  // zod keeps only strings, so remember the message that belongs to each text.
  const words = new Map<string, Message>();
  const read = schema.safeParse(given, {
    error: (issue) => {
      const said = wordsOf(issue);
      words.set(said.text, said);
      return said.text;
    },
  });
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const refusal = issue?.code === "custom" ? issue.params?.refusal : undefined;
  if (refusal instanceof Refusal) throw refusal;
  const { code, details, said } = invalid(
    fieldOf(issue?.path),
    issue
      ? (words.get(issue.message) ?? foreign(issue.message))
      : say("input_not_valid", { field: fieldOf(undefined) }),
  );
  throw new FormRefused(code, said, details);
}

/** Name of a parameter in refusals. */
const fieldOf = (path: readonly PropertyKey[] | undefined) =>
  path === undefined || path.length === 0 ? "request" : path.map(String).join(".");

type Issue = Parameters<z.core.$ZodErrorMap>[0];

const units = { string: say("unit_characters"), array: say("unit_elements") } as const;
const forms = {
  string: say("form_text"),
  number: say("form_number"),
  int: say("form_whole"),
  boolean: say("form_truth"),
  array: say("form_list"),
  object: say("form_object"),
  record: say("form_object"),
} as const;

function wordsOf(issue: Issue): Message {
  const field = fieldOf(issue.path);
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? say("input_missing", { field }) : typeWords(field, issue.expected);
    case "too_big":
      return sizeWords(true, field, issue.origin, issue.maximum);
    case "too_small":
      return sizeWords(false, field, issue.origin, issue.minimum);
    case "unrecognized_keys":
      return say("input_unknown", { names: issue.keys.join(", ") });
    case "invalid_value":
      return say("input_one_of", { field, values: issue.values.map(String).join(", ") });
    default:
      return say("input_not_valid", { field });
  }
}

function typeWords(field: string, expected: string): Message {
  const form = Object.entries(forms).find(([name]) => name === expected)?.[1];
  return form ? say("input_form", { field, form }) : say("input_not_valid", { field });
}

function sizeWords(largest: boolean, field: string, origin: string, amount: number | bigint): Message {
  const limit = String(amount);
  const unit = Object.entries(units).find(([name]) => name === origin)?.[1];
  if (!unit) return say(largest ? "input_at_most" : "input_at_least", { field, limit });
  return say(largest ? "input_at_most_size" : "input_at_least_size", { field, limit, unit });
}
