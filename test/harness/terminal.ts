import { type ChildProcess, spawn } from "node:child_process";
import { until } from "./wait.ts";

/** A command on a pseudo-terminal, created by script(1). */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #seen = "";
  #read = 0;

  constructor(args: string[], env: NodeJS.ProcessEnv) {
    const quoted = args.map((one) => `'${one.replaceAll("'", "'\\''")}'`).join(" ");
    // Sets TERM, because the tests may run without a terminal.
    this.#child = spawn("script", ["-qefc", `exec ${quoted}`, "/dev/null"], {
      env: { ...env, TERM: "xterm", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? -1)));
    this.#child.stdout?.setEncoding("utf8").on("data", (text) => {
      this.#seen += text;
    });
    this.#child.stdin?.on("error", () => {});
    // Ends programs of failed tests with a hang-up.
    process.once("exit", () => this.#child.kill());
  }

  /** All output so far. */
  get screen(): string {
    return this.#seen;
  }

  /** Waits at most `limit` ms for this text after the text awaited before. */
  async shows(text: string, limit?: number): Promise<void> {
    const find = (): number => this.#seen.indexOf(text, this.#read);
    const wanted = (): string => `"${text}" on a terminal that shows: ${this.#seen.slice(this.#read)}`;
    await until(wanted, () => find() >= 0, limit);
    this.#read = find() + text.length;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Closes the terminal. */
  hangUp(): void {
    this.#child.kill();
  }

  /** Resolves to the exit code. */
  ended(): Promise<number> {
    return this.#ended;
  }
}
