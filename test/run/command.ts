import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { at, root } from "../../build/lib/root.ts";
import { failed, type Outcome, passed } from "./outcome.ts";

/** bytes of a failed command's output that are shown; all of it is in test-results/. */
const shown = 16_000;

export interface Ran {
  code: number;
  /** stdout alone. */
  out: string;
  /** Both, in the order in which they came. */
  all: string;
}

/** Runs a command to its end; everything it says goes to test-results/NAME.log. */
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

/** ms that a command that is cut off has to end by itself. */
const patience = 3_000;

/** Ends a command and all it started, as Ctrl-C would: the go command passes no signal on to its test programs. */
const endGroup = (child: ChildProcess): void => {
  const kill = (how: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how);
    } catch {
      // It has ended.
    }
  };
  kill("SIGINT");
  setTimeout(() => kill("SIGKILL"), patience).unref();
};

/** A stage that is one command: it passes when the command ends with 0. */
export const command = async (
  name: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<Outcome> => {
  const ran = await capture(name, args, options);
  return ran.code === 0 ? passed() : failed(tail(ran.all));
};

export const tail = (text: string): string => (text.length > shown ? `…\n${text.slice(-shown)}` : text).trimEnd();
