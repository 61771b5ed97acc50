import type { CauseCode } from "../../base/cause.ts";

/** One rule: what it means for clients, and how the published API names it. Its text is in common/text/en/admin/rules. */
export interface RuleRow {
  cause: CauseCode;
  /** Code in the published API. */
  code: string;
  /** The argument that is meant. */
  field?: string;
}

export const row = (cause: CauseCode, code: string, field?: string): RuleRow => ({
  cause,
  code,
  ...(field === undefined ? {} : { field }),
});

/** A request that is wrong as it is; `field` is the argument that is meant. */
export const wrong = (code: string, field: string): RuleRow => row("invalid_argument", code, field);
