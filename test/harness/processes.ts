import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "./wait.ts";

export interface Spec {
  name: string;
  command: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /**
   * Written to its standard input, which is then closed. Without it the input stays open until the process is
   * stopped.
   */
  stdin?: string;
  /** Called with every JSON line of its stdout, including the ready line. */
  onLine?: (line: Record<string, unknown>) => void;
}

/** A program that runs until it is stopped. */
export interface Running<Ready> {
  name: string;
  pid: number;
  /** Its first JSON line with "ready". */
  ready: Ready;
  logFile: string;
  /** Resolves when it has exited. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends SIGTERM, and SIGKILL after 5 s. */
  stop(): Promise<void>;
  /** Sends SIGKILL, so that it cannot clean up. */
  kill(): Promise<void>;
}

/** ms. */
const readyLimit = 20_000;
const stopLimit = 5_000;

/** The processes of a trial or test. They are started and stopped by id, and stopped when this process exits. */
export class Processes {
  readonly #logs: string;
  readonly #children = new Set<ChildProcess>();
  readonly #running: Running<unknown>[] = [];

  constructor(logs: string) {
    this.#logs = logs;
    process.once("exit", () => {
      for (const child of this.#children) signalGroup(child, "SIGKILL");
    });
  }

  /** Starts a program and waits for its ready line. */
  async start<Ready>(spec: Spec): Promise<Running<Ready>> {
    const logFile = join(this.#logs, `${spec.name}.log`);
    const errors = openSync(logFile, "a", 0o600);
    const [program = "", ...args] = spec.command;
    // A separate process group, so that Ctrl-C only reaches this process, which stops the others in order.
    const child = spawn(program, args, {
      env: spec.env,
      cwd: spec.cwd,
      detached: true,
      stdio: ["pipe", "pipe", errors],
    });
    this.#children.add(child);
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
      child.once("error", () => resolve({ code: null, signal: null }));
    });
    void ended.then(() => this.#children.delete(child));
    child.stdin?.on("error", () => {});
    if (spec.stdin !== undefined) child.stdin?.end(spec.stdin);
    const early = ended.then(({ code, signal }): never => {
      throw new Error(`${spec.name} ended with ${signal ?? code} before it was ready\n${tailOf(logFile)}`);
    });
    const ready = await within(
      `${spec.name}: ready`,
      readyLimit,
      Promise.race([this.#listen<Ready>(child, logFile, spec), early]),
    );
    early.catch(() => {});
    const running: Running<Ready> = {
      name: spec.name,
      pid: child.pid as number,
      ready,
      logFile,
      ended,
      stop: async () => {
        child.stdin?.end();
        signalGroup(child, "SIGTERM");
        await within(`${spec.name}: stop`, stopLimit, ended).catch(() => signalGroup(child, "SIGKILL"));
        await ended;
      },
      kill: async () => {
        signalGroup(child, "SIGKILL");
        await ended;
      },
    };
    this.#running.push(running);
    return running;
  }

  /** Stops everything, in reverse order of starting. */
  async stopAll(): Promise<void> {
    for (const running of this.#running.splice(0).reverse()) await running.stop();
    for (const child of this.#children) signalGroup(child, "SIGKILL");
  }

  #listen<Ready>(child: ChildProcess, logFile: string, spec: Spec): Promise<Ready> {
    const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
    return new Promise((resolve) => {
      if (!child.stdout) return;
      createInterface({ input: child.stdout })
        .on("line", (text) => {
          log.write(`${text}\n`);
          const line = parseLine(text);
          if (!line) return;
          spec.onLine?.(line);
          if (line.ready === true) resolve(line as Ready);
        })
        .once("close", () => log.end());
    });
  }
}

const parseLine = (text: string): Record<string, unknown> | undefined => {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has exited at this moment.
  }
};

/** The last lines of a log. */
export const tailOf = (logFile: string, lines = 20): string =>
  existsSync(logFile) ? readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n") : "";

/** The files in a directory of logs, which may not exist. */
export const logsIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
