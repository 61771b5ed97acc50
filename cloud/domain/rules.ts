import { type CauseCode, Refusal } from "../base/cause.ts";
import { type Message, type ParamsOf, say } from "../base/say.ts";
import { type RuleName, rulesTable } from "./rules/table.ts";

/**
 * A rule that a request would break: its name, and its message. The table says which cause clients get, and which code the
 * published API has for it.
 */
export class RuleBroken extends Refusal {
  readonly rule: RuleName;
  /** The code in the published API. Administrators' scripts know these. */
  readonly published: string;

  constructor(rule: RuleName, published: string, cause: CauseCode, said: Message, field?: string) {
    super(cause, said, field === undefined ? {} : { field });
    this.name = "RuleBroken";
    this.rule = rule;
    this.published = published;
  }
}

export function violation<R extends RuleName>(rule: R, ...params: ParamsOf<R>): RuleBroken {
  const { code, cause, field } = rulesTable[rule];
  return new RuleBroken(rule, code, cause, say(rule, ...params), field);
}
