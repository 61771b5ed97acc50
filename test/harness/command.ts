import { type ChildProcess, spawn } from "node:child_process";

export interface Done {
  code: number;
  stdout: string;
  stderr: string;
  /** ms. */
  took: number;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  stdin?: string;
  uid?: number;
  gid?: number;
  /** Time limit after which it is killed, ms; default 30 000. */
  limit?: number;
}

const running = new Set<ChildProcess>();

/** Kills all commands that are still running. */
export const killCommands = (): void => {
  for (const child of running) child.kill("SIGKILL");
};

/** Runs a command until it ends; any exit code is accepted. */
export const command = (args: string[], options: CommandOptions = {}): Promise<Done> => {
  const { stdin, limit = 30_000, ...rest } = options;
  const [program = "", ...others] = args;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, others, { ...rest, stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    const done: Done = { code: -1, stdout: "", stderr: "", took: 0 };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      done.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      done.stderr += text;
    });
    // A program may exit without reading its input.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin ?? "");
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ ...done, code: code ?? -1, took: performance.now() - start });
    });
  });
};

/** Runs a command that has to succeed; returns its stdout. */
export const must = async (args: string[], options: CommandOptions = {}): Promise<string> => {
  const done = await command(args, options);
  if (done.code === 0) return done.stdout;
  throw new Error(`${args.join(" ")} ended with ${done.code}\n${done.stdout}${done.stderr}`.trimEnd());
};
