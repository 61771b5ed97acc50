import { createInterface } from "node:readline/promises";
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
    const { value: line } = await this.#lines.next();
    if (!line || line.length > longestLine)
      throw new Failure("invalid_argument", { text: `There was no ${what} on standard input.` });
    return new Secret(line);
  }

  async ask(question: string, signal: AbortSignal): Promise<string> {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    reader.on("SIGINT", () => process.emit("SIGINT"));
    try {
      return (await reader.question(question, { signal })).trim();
    } finally {
      reader.close();
    }
  }

  /** Without echo, on the terminal only: never an argument, never the environment. */
  secret(question: string, signal: AbortSignal): Promise<Secret> {
    const { stdin, stderr } = process;
    // First: whoever types as soon as the question is there must not see what they type.
    stdin.setRawMode(true);
    stderr.write(question);
    stdin.setEncoding("utf8");
    stdin.resume();
    let typed = "";
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        stdin.off("data", onData);
        signal.removeEventListener("abort", onAbort);
        stdin.setRawMode(false);
        stdin.pause();
        stderr.write("\n");
        settle();
      };
      const onAbort = (): void => finish(() => reject(signal.reason));
      const onData = (text: string): void => {
        for (const character of text) {
          const isEnter = character === "\r" || character === "\n";
          const isEnd = character === "\u0003" || character === "\u0004";
          if (isEnter || isEnd) {
            finish(() => (isEnter ? resolve(new Secret(typed)) : reject(new Interrupted())));
            return;
          }
          if (character === "\u007f" || character === "\b") typed = [...typed].slice(0, -1).join("");
          else if (character === "\u0015") typed = "";
          else if (character >= " " && typed.length < longestLine) typed += character;
        }
      };
      stdin.on("data", onData);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
