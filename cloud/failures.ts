import { writeSync } from "node:fs";
import { causeTable } from "../common/causes/table.ts";
import { sentence } from "../common/sentence.ts";
import { ctlTexts } from "../common/text/ctl.ts";
import { renderServerWords } from "../common/text/server.ts";
import { Advised, type CauseCode, Refusal } from "./base/cause.ts";
import { foreign, type Message } from "./base/say.ts";
import { printable } from "./domain/limits/text.ts";
import { type UsageError, usageWords } from "./usage-words.ts";

const actions: Partial<Record<CauseCode, string>> = ctlTexts.actions;
const advice: ReadonlyMap<string, string> = new Map(Object.entries(ctlTexts.advice));

export interface FailureView {
  cause: CauseCode;
  message: string;
  /** "" = the message says all. */
  action: string;
}

export function viewOf(refusal: Refusal): FailureView {
  return {
    cause: refusal.code,
    message: sentence(renderServerWords(refusal.said)),
    action:
      refusal instanceof Advised ? refusal.action : (advice.get(nameOf(refusal.said)) ?? actions[refusal.code] ?? ""),
  };
}

/** The message's name without the catalogue. A refusal that contains another message is about that one. */
function nameOf({ key, params: { message } }: Message): string {
  if (typeof message === "object") return nameOf(message);
  return key.slice(key.indexOf(".") + 1);
}

/**
 * Message and action in one line for a terminal. The message may quote a file, an argument or another program, so control
 * characters are replaced.
 */
export const lineOf = ({ message, action }: FailureView): string =>
  printable(action === "" ? message : `${message} ${action}`);

/**
 * Writes the message and the suggested action to stderr, or with --json as one JSON object to stdout, and exits with the cause's
 * exit code. Never prints a stack trace.
 */
export function fail(error: unknown, json: boolean): never {
  const words = error instanceof Error ? error.message : String(error);
  const refusal = error instanceof Refusal ? error : new Refusal("unknown", foreign(words));
  const view = viewOf(refusal);
  if (!json || !wroteResult(`${JSON.stringify(view)}\n`)) process.stderr.write(`${lineOf(view)}\n`);
  process.exit(causeTable[refusal.code].exit);
}

/** Writes synchronously, because the process exits right after. Returns false if stdout cannot be written. */
function wroteResult(text: string): boolean {
  try {
    writeSync(process.stdout.fd, text);
    return true;
  } catch {
    return false;
  }
}

/** Turns an error of the argument parser ("error: unknown option …") into a refusal whose text is a full sentence. */
export function usage({ message, advice }: Pick<UsageError, "advice" | "message">): Refusal {
  const words = usageWords(message.replace(/^error: /, ""));
  return new Advised(
    "invalid_argument",
    foreign(`${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.?$/, ".")}`),
    advice,
  );
}
