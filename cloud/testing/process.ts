import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const running = new Set<ChildProcess>();

/** Kills processes that a failed test left running. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Exit code and output of a program. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(entry: string, args: string[], through: string[] = []): ChildProcess {
  const [program = "", ...rest] = [...through, process.execPath, join(here, "..", entry), ...args];
  const child = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  child.on("close", () => running.delete(child));
  return child;
}

function collect(child: ChildProcess): Promise<Ended> {
  const out = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => {
    out.stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    out.stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...out })));
}

/** Runs sag-cloud or sagctl until it exits. `through`: a program that starts it, with its arguments. */
export function run(
  entry: "main.ts" | "ctl/main.ts",
  args: string[],
  input = "",
  through: string[] = [],
): Promise<Ended> {
  const child = start(entry, args, through);
  child.stdin?.end(input);
  return collect(child);
}

/** A `sag-cloud serve` process. */
export interface ServeProcess {
  url: string;
  pin: string;
  pid: number;
  kill(signal: NodeJS.Signals): Promise<Ended>;
}

/** Starts `sag-cloud serve --json` and waits for its ready line. `through` is a program to start it with, and its arguments. */
export async function spawnServer(
  directory: string,
  listen = "127.0.0.1:0",
  more: string[] = [],
  through: string[] = [],
): Promise<ServeProcess> {
  const child = start("main.ts", ["serve", "--data", directory, "--listen", listen, "--json", ...more], through);
  const ended = collect(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const line = await Promise.race([
    new Promise<string>((resolve) => lines.once("line", resolve)),
    ended.then((e) => Promise.reject(new Error(`sag-cloud ended: ${e.stdout}${e.stderr}`))),
  ]);
  const ready = JSON.parse(line) as { ready?: boolean; url: string; pin: string; pid: number };
  if (ready.ready !== true) throw new Error(`sag-cloud is not ready: ${line}`);
  return {
    url: ready.url,
    pin: ready.pin,
    pid: ready.pid,
    kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
