import { closeSync, openSync, readSync } from "node:fs";
import { isatty } from "node:tty";
import { ctlTexts } from "../../common/text/ctl.ts";
import type { Ask } from "./connection.ts";
import { cutters, isCutting } from "./cutting.ts";
import { plain } from "./output.ts";

const { confirm } = ctlTexts;

/** The administrator answered no. */
export class Declined extends Error {}

/**
 * Asks before a command cuts people off, and says what it will cut. Without a terminal it does not ask, because scripts cannot answer.
 */
export function confirming(ask: Ask, isTerminal = isatty(0) && isatty(2)): Ask {
  if (!isTerminal) return ask;
  return async (operation, parameters, tenant) => {
    if (isCutting(operation)) {
      const { cut, always } = cutters[operation];
      const { name, sessions } = await cut(ask, parameters, tenant);
      const question = plain(confirm.questions[operation](name, sessions));
      if ((always || sessions > 0) && !confirm.isYes(answerTo(`${question} ${confirm.goOn}`))) throw new Declined();
    }
    return ask(operation, parameters, tenant);
  };
}

/** Reads a line from the terminal itself, because standard input may have been read for a password. */
function answerTo(question: string): string {
  process.stderr.write(question);
  const terminal = openSync("/dev/tty", "r");
  try {
    const line = Buffer.alloc(256);
    return line.toString("utf8", 0, readSync(terminal, line)).trim();
  } finally {
    closeSync(terminal);
  }
}
