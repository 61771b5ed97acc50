import type { CauseCode } from "../../base/cause.ts";

/** A rule's cause for clients and its code in the published API. Its text is in common/text/en/admin/rules. */
export interface RuleRow {
  cause: CauseCode;
  code: string;
  /** The argument at fault. */
  field?: string;
}

export const row = (cause: CauseCode, code: string, field?: string): RuleRow => ({
  cause,
  code,
  ...(field === undefined ? {} : { field }),
});

/** A rule about an invalid argument; `field` is the argument at fault. */
export const wrong = (code: string, field: string): RuleRow => row("invalid_argument", code, field);
