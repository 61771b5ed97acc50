import { invalid, type Refusal } from "../../base/cause.ts";
import { type Message, say } from "../../base/say.ts";

/** Rule for a text that people read: length in characters (code points), and the field's name in refusals. */
export interface TextRule {
  field: string | Message;
  min: number;
  max: number;
  /** Also allow the empty text. */
  orNone?: boolean;
  /** Pattern of the text, and `rule` is its description for people. */
  pattern?: RegExp | undefined;
  rule?: Message;
}

/** Names and descriptions as the product writes them: letters of any script, but no blanks in a name. */
const trafficName = /^\p{L}[\p{L}\p{N}._-]*$/u;
const tupleName = /^\p{L}[\p{L}\p{N}_-]*$/u;
const letterFirst = { pattern: /^\p{L}/u, rule: say("form_letter_first") };

/** Rules of the texts that administrators set, for every API. */
export const textRules = {
  instanceName: { field: "name", min: 2, max: 128 },
  instanceDescription: { field: "description", min: 2, max: 256, orNone: true },
  instancePosition: { field: "position", min: 0, max: 128 },
  ccnName: { field: "name", min: 2, max: 100, orNone: true },
  ccnDescription: { field: "description", min: 2, max: 128, orNone: true },
  cenName: { field: "name", min: 2, max: 128, orNone: true },
  cenDescription: { field: "description", min: 2, max: 256, orNone: true },
  networkName: { field: "name", min: 2, max: 128 },
  aclName: { field: "name", min: 2, max: 100 },
  ruleName: { field: "name", min: 2, max: 100, orNone: true },
  ruleDescription: { field: "description", min: 1, max: 512, orNone: true },
  qosName: { field: "name", min: 2, max: 100, pattern: trafficName, rule: say("form_qos_name") },
  qosDescription: { field: "description", min: 1, max: 512, orNone: true, ...letterFirst },
  qosCarName: {
    field: "name",
    min: 2,
    max: 128,
    orNone: true,
    pattern: trafficName,
    rule: say("form_qos_car_name"),
  },
  qosCarDescription: { field: "description", min: 1, max: 512, orNone: true },
  qosPolicyName: {
    field: "name",
    min: 2,
    max: 100,
    orNone: true,
    pattern: tupleName,
    rule: say("form_qos_policy_name"),
  },
  flowLogName: { field: "name", min: 1, max: 128, orNone: true },
  flowLogDescription: { field: "description", min: 1, max: 512, orNone: true },
  /** The names of a log service's project and log store. They are also safe as names of files. */
  logProject: {
    field: "project",
    min: 3,
    max: 63,
    orNone: true,
    pattern: /^[a-z0-9][a-z0-9-]*[a-z0-9]$/,
    rule: say("form_log_project"),
  },
  logstore: {
    field: "logstore",
    min: 2,
    max: 63,
    orNone: true,
    pattern: /^[a-z0-9][a-z0-9_-]*[a-z0-9]$/,
    rule: say("form_logstore"),
  },
  tagKey: { field: say("field_tag_key"), min: 1, max: 64 },
  tagValue: { field: say("field_tag_value"), min: 0, max: 128 },
  tenantName: {
    field: "name",
    min: 2,
    max: 64,
    pattern: /^[0-9A-Za-z][0-9A-Za-z_.-]*$/,
    rule: say("form_tenant_name"),
  },
  resourceName: { field: "name", min: 1, max: 64 },
  reason: { field: "reason", min: 0, max: 500 },
} as const satisfies Record<string, TextRule>;

/** Length in code points. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/**
 * Line breaks, control characters, bidirectional overrides and noncharacters, with which a text could forge what a terminal or window
 * shows.
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;

/** Whether the text is one well-formed line without control characters. */
export function isPrintable(text: string): boolean {
  return text.isWellFormed() && !unprintable.test(text);
}

/** Replaces unprintable characters, for texts that were never checked. */
export function printable(text: string): string {
  return text.toWellFormed().replace(new RegExp(unprintable, "g"), " ");
}

/** The refusal of a text that breaks its rule; undefined = it is valid. */
export function textFault(
  { field: named, min, max, orNone, pattern, rule }: TextRule,
  text: string,
): Refusal | undefined {
  const length = lengthOf(text);
  const field = typeof named === "string" ? named : named.text;
  if (length === 0 && orNone) return undefined;
  if (length < min || length > max) return invalid(field, say("text_length", { field: named, min, max, length }));
  if (!isPrintable(text)) return invalid(field, say("text_one_line", { field: named }));
  if (length > 0 && text.trim() === "") return invalid(field, say("text_blank", { field: named }));
  if (pattern && !pattern.test(text)) return invalid(field, say("text_form", { field: named, form: rule ?? "" }));
  return undefined;
}

/** Checks a text for people and returns it. */
export function requireText(rule: TextRule, text: string): string {
  const fault = textFault(rule, text);
  if (fault) throw fault;
  return text;
}
