import { Refusal } from "../base/cause.ts";

/**
 * A rule of the product that a change would break, under the name the product publishes for it ("SAG.CidrOverlap"). Scripts
 * of administrators know these names; they are the rule's identity in the API, in sagctl and in the documentation.
 */
export class RuleBroken extends Refusal {
  readonly rule: string;

  constructor(rule: string, text: string) {
    super(causeOf(rule), text);
    this.name = "RuleBroken";
    this.rule = rule;
  }
}

function causeOf(rule: string) {
  if (/NotFound$|NoFound$/.test(rule) || rule === "ParameterCenInstanceId") return "not_found";
  if (/Exist$|Exists$|Duplicated$|^AlreadyBound/.test(rule)) return "already_exists";
  return "invalid_argument";
}

export const broken = (rule: string, text: string) => new RuleBroken(rule, text);
