import type { ctlTexts } from "../../../common/text/ctl.ts";
import type { Row } from "../output.ts";

/** Words as they are typed, which are the command's name as well; the texts say what each does. */
export type OperationName = keyof typeof ctlTexts.operations;

/** What an option is in the command's input, and how its text is read. */
export type Option = [name: string, read?: (text: string, before: never) => unknown];

/** One verb that is one command of the server: its name is the verb, its input what was typed. */
export interface Verb {
  /** "ccn bind <ccn> <instance>": the verb, then the fields of the input that stand in place. */
  usage: OperationName | `${OperationName} <${string}`;
  /** How fields that stand in place are read, where they are not texts. */
  places?: Record<string, (text: string) => unknown>;
  options?: Record<string, Option>;
  /** Flags, as in `options`, that have to be given. */
  required?: readonly string[];
  /** Fields that are sent when nothing else is typed. */
  fixed?: Record<string, unknown>;
  /** Makes the command's input of the fields, where it has another form. */
  input?(fields: Record<string, unknown>): Record<string, unknown>;
  /** One object of the answer as people see it. */
  // biome-ignore lint/suspicious/noExplicitAny: a table of verbs whose answers are of all kinds
  row?(view: any): Row;
  /** For what is shown this once: what to do when it is lost. */
  // biome-ignore lint/suspicious/noExplicitAny: a table of verbs whose answers are of all kinds
  once?(answer: any): string;
  /** The list in the answer that people see; of a page, "rows", JSON is the list alone as well. */
  list?: string;
}

/** --region, where the default region is meant without it. */
export const region: Record<string, Option> = { "--region <id>": ["region"] };
