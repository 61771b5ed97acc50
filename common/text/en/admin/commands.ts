import type { P } from "../../types.ts";

/** Refusals of commands and requests of sagctl. */
export const commands = {
  command_unknown: ({ name }: P<"name">) => `The server does not know "${name}".`,
  input_missing: ({ field }: P<"field">) => `The ${field} is missing.`,
  input_unknown: ({ names }: P<"names">) => `There is no parameter ${names}.`,
  input_form: ({ field, form }: P<"field" | "form">) => `The ${field} must be ${form}.`,
  input_at_most: ({ field, limit }: P<"field" | "limit">) => `The ${field} must be at most ${limit}.`,
  input_at_least: ({ field, limit }: P<"field" | "limit">) => `The ${field} must be at least ${limit}.`,
  input_at_most_size: ({ field, limit, unit }: P<"field" | "limit" | "unit">) =>
    `The ${field} must have at most ${limit} ${unit}.`,
  input_at_least_size: ({ field, limit, unit }: P<"field" | "limit" | "unit">) =>
    `The ${field} must have at least ${limit} ${unit}.`,
  input_one_of: ({ field, values }: P<"field" | "values">) => `The ${field} must be one of ${values}.`,
  input_not_valid: ({ field }: P<"field">) => `The ${field} is not valid.`,
  path_not_absolute: "The path must be absolute.",
  local_too_large: ({ kib }: P<"kib">) => `The request is larger than ${kib} KiB.`,
  local_not_json: "The request is not JSON.",
  local_no_operation: "The request names no operation.",
  local_failed: "The server failed unexpectedly; its log says more.",
};
