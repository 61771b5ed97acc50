import type { ctlTexts } from "../../../common/text/ctl.ts";
import type { Row } from "../output.ts";

/** Verbs as they are typed; they are also the command names. The text catalogue describes them. */
export type OperationName = keyof typeof ctlTexts.operations;

/** The field of the command's input that an option sets, and the parser of its text. */
export type Option = [name: string, read?: (text: string, before: never) => unknown];

/** A verb that runs the server's command of the same name. */
export interface Verb {
  /** "ccn bind <ccn> <instance>": the verb, then the input fields of its positional arguments. */
  usage: OperationName | `${OperationName} <${string}`;
  /** Parsers of positional arguments that are not texts. */
  places?: Record<string, (text: string) => unknown>;
  options?: Record<string, Option>;
  /** Keys of `options` that are mandatory. */
  required?: readonly string[];
  /** Default values of input fields. */
  fixed?: Record<string, unknown>;
  /** Converts the fields to the command's input, if that has another form. */
  input?(fields: Record<string, unknown>): Record<string, unknown>;
  /** Formats one object of the answer for people. */
  // biome-ignore lint/suspicious/noExplicitAny: a table of verbs whose answers are of all kinds
  row?(view: any): Row;
  /** For output that is shown only once: what to do if it is lost. */
  // biome-ignore lint/suspicious/noExplicitAny: a table of verbs whose answers are of all kinds
  once?(answer: any): string;
  /** The field of the answer whose list is shown. If it is "rows" (a page), --json prints only the list as well. */
  list?: string;
}

/** --region for commands with a default region. */
export const region: Record<string, Option> = { "--region <id>": ["region"] };
