import type { P } from "../../types.ts";

/** sagctl replaces the name of a field by the option that sets it. */
const named = (field: string): string => (field.startsWith("--") ? field : `The ${field}`);

/** Refusals of commands and requests of sagctl. */
export const commands = {
  command_unknown: ({ name }: P<"name">) => `The server does not know "${name}".`,
  input_missing: ({ field }: P<"field">) => `${named(field)} is missing.`,
  input_unknown: ({ names }: P<"names">) => `There is no parameter ${names}.`,
  input_form: ({ field, form }: P<"field" | "form">) => `${named(field)} must be ${form}.`,
  input_at_most: ({ field, limit }: P<"field" | "limit">) => `${named(field)} must be at most ${limit}.`,
  input_at_least: ({ field, limit }: P<"field" | "limit">) => `${named(field)} must be at least ${limit}.`,
  input_at_most_size: ({ field, limit, unit }: P<"field" | "limit" | "unit">) =>
    `${named(field)} must have at most ${limit} ${unit}.`,
  input_at_least_size: ({ field, limit, unit }: P<"field" | "limit" | "unit">) =>
    `${named(field)} must have at least ${limit} ${unit}.`,
  input_one_of: ({ field, values }: P<"field" | "values">) => `${named(field)} must be one of ${values}.`,
  input_not_valid: ({ field }: P<"field">) => `${named(field)} is not valid.`,
  option_refused: ({ option, message }: P<"message" | "option">) => `${option}: ${message}`,
  path_not_absolute: "The path must be absolute.",
  local_too_large: ({ kib }: P<"kib">) => `The request is larger than ${kib} KiB.`,
  local_not_json: "The request is not JSON.",
  local_no_operation: "The request names no operation.",
  local_failed: "The server failed unexpectedly; its log says more.",
};
