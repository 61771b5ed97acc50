import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { at, root } from "../../build/lib/root.ts";
import { failed, type Outcome, passed } from "./outcome.ts";

/** Limit of a failed command's output that is printed, bytes; test-results/ has all of it. */
const shown = 16_000;

export interface Ran {
  code: number;
  /** stdout alone. */
  out: string;
  /** stdout and stderr in the order of output. */
  all: string;
}

/** Runs a command until it ends; all output goes to test-results/NAME.log. */
export const capture = (
  name: string,
  command: string[],
  { signal, ...options }: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Ran> => {
  mkdirSync(at("test-results"), { recursive: true });
  const log = createWriteStream(at("test-results", `${name.replaceAll(/[^\w.-]+/g, "-")}.log`));
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
      detached: signal !== undefined,
    });
    signal?.addEventListener("abort", () => endGroup(child), { once: true });
    const ran: Ran = { code: 1, out: "", all: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      ran.out += text;
      ran.all += text;
      log.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      ran.all += text;
      log.write(text);
    });
    child.once("error", (error) => {
      ran.all += error.message;
      log.end();
      resolve(ran);
    });
    child.once("close", (code) => {
      log.end();
      resolve({ ...ran, code: code ?? 1 });
    });
  });
};

/** Time that a cancelled command has to end, ms. */
const patience = 3_000;

/** Signals the whole process group, because the go command does not pass signals on to its test programs. */
const endGroup = (child: ChildProcess): void => {
  const kill = (how: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // It has exited already.
    }
  };
  kill("SIGINT");
  setTimeout(() => kill("SIGKILL"), patience).unref();
};

/** A stage with one command: it passes if the command exits with 0. */
export const command = async (
  name: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Outcome> => {
  const ran = await capture(name, args, options);
  return ran.code === 0 ? passed() : failed(tail(ran.all));
};

export const tail = (text: string): string => (text.length > shown ? `…\n${text.slice(-shown)}` : text).trimEnd();
