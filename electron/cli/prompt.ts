import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { texts } from "../../common/text/cli.ts";
import { Failure } from "../core/causes/failure.ts";
import { Secret } from "../core/credentials/secret.ts";
import { Interrupted } from "./interrupted.ts";

/** Longest line that is read from standard input, characters. */
const longestLine = 4096;

/** Where a person answers. Questions go to stderr, so that stdout stays a result. */
export class Prompt {
  readonly isTerminal: boolean = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  #lines: AsyncIterator<string> | undefined;

  /** The next line of standard input: first the password, then what else is asked for. */
  async line(what: string): Promise<Secret> {
    this.#lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const { value } = await this.#lines.next();
    // Editors put a byte order mark before a text, and `echo secret |` of some shells a blank behind it.
    const line = (value ?? "").replace(/^\ufeff/, "").replace(/[ \t\r]+$/, "");
    if (!line || line.length > longestLine)
      throw new Failure("invalid_argument", { text: texts.cli.inputs.missing(what) });
    return new Secret(line);
  }

  /** An answer that is seen while it is typed. */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    return (await this.#read(question, process.stderr, signal)).trim();
  }

  /** Without echo, on the terminal only: never an argument, never the environment. */
  async secret(question: string, signal: AbortSignal): Promise<Secret> {
    const nowhere = new Writable({ write: (_text, _encoding, done) => done() });
    return new Secret((await this.#read(question, nowhere, signal)).slice(0, longestLine));
  }

  /** One line of the terminal. Ctrl-C, Ctrl-D and a terminal that goes away interrupt the command. */
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
    // After a line this changes nothing any more.
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
