import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { texts } from "../../common/text/cli.ts";
import { Failure } from "../core/causes/failure.ts";
import { Secret } from "../core/credentials/secret.ts";
import { Interrupted } from "./interrupted.ts";

/** Longest line that is read from standard input, characters. */
const longestLine = 4096;

/** Reads the user's answers. Questions go to stderr, because stdout is for results. */
export class Prompt {
  readonly isTerminal: boolean = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  #lines: AsyncIterator<string> | undefined;

  /** Reads the next line of standard input: the password first, then codes. */
  async line(what: string): Promise<Secret> {
    this.#lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const { value } = await this.#lines.next();
    // Some editors add a byte order mark, and `echo secret |` adds a trailing blank in some shells.
    const line = (value ?? "").replace(/^\ufeff/, "").replace(/[ \t\r]+$/, "");
    if (!line || line.length > longestLine)
      throw new Failure("invalid_argument", { text: texts.cli.inputs.missing(what) });
    return new Secret(line);
  }

  /** Reads an answer with echo. */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    return (await this.#read(question, process.stderr, signal)).trim();
  }

  /**
   * Reads a secret without echo, only from the terminal: arguments and environment variables are visible to other
   * processes.
   */
  async secret(question: string, signal: AbortSignal): Promise<Secret> {
    const nowhere = new Writable({ write: (_text, _encoding, done) => done() });
    return new Secret((await this.#read(question, nowhere, signal)).slice(0, longestLine));
  }

  /** Reads one line from the terminal. Ctrl-C, Ctrl-D and a closed terminal interrupt the command. */
  #read(question: string, echo: Writable, signal: AbortSignal): Promise<string> {
    const { stdin: input, stderr } = process;
    // Turn the echo off before the question appears, so that fast typing is not shown.
    const reader = createInterface({ input, output: echo, terminal: true, historySize: 0 });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    reader.once("line", resolve);
    reader.once("SIGINT", () => reject(new Interrupted()));
    // Has no effect once a line was read.
    reader.once("close", () => reject(new Interrupted()));
    if (echo === stderr) {
      reader.setPrompt(question);
      reader.prompt();
    } else stderr.write(question);
    return promise
      .then(
        (line) => {
          if (echo !== stderr) stderr.write("\n");
          return line;
        },
        (thrown) => {
          stderr.write("\n");
          throw thrown;
        },
      )
      .finally(() => {
        signal.removeEventListener("abort", onAbort);
        reader.close();
      });
  }
}
