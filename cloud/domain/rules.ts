import { type CauseCode, Refusal } from "../base/cause.ts";
import { type Message, type ParamsOf, say } from "../base/say.ts";
import { type RuleName, rulesTable } from "./rules/table.ts";

/** A request broke a rule. The table maps the rule to the cause for clients and to the code of the published API. */
export class RuleBroken extends Refusal {
  readonly rule: RuleName;
  /** Error code in the published API; scripts of administrators match it. */
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
