import { type ChildProcess, spawn } from "node:child_process";
import { until } from "./wait.ts";

/** Somebody at a terminal: a command on a pseudo-terminal of its own, made by script(1). */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #seen = "";
  #read = 0;

  constructor(args: string[], env: NodeJS.ProcessEnv) {
    const quoted = args.map((one) => `'${one.replaceAll("'", "'\\''")}'`).join(" ");
    // TERM: a test may itself run where there is none.
    this.#child = spawn("script", ["-qefc", `exec ${quoted}`, "/dev/null"], {
      env: { ...env, TERM: "xterm", SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? -1)));
    this.#child.stdout?.setEncoding("utf8").on("data", (text) => {
      this.#seen += text;
    });
    this.#child.stdin?.on("error", () => {});
    // After a failed test, what runs there gets a hang-up.
    process.once("exit", () => this.#child.kill());
  }

  /** Everything that stood on it so far. */
  get screen(): string {
    return this.#seen;
  }

  /** Waits `limit` ms at most until it shows this, after what was waited for before. */
  async shows(text: string, limit?: number): Promise<void> {
    const find = (): number => this.#seen.indexOf(text, this.#read);
    const wanted = (): string => `"${text}" on a terminal that shows: ${this.#seen.slice(this.#read)}`;
    await until(wanted, () => find() >= 0, limit);
    this.#read = find() + text.length;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Takes the terminal away. */
  hangUp(): void {
    this.#child.kill();
  }

  /** Its exit code. */
  ended(): Promise<number> {
    return this.#ended;
  }
}
