import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import type { Variation } from "./variation.ts";
import { until } from "./wait.ts";

/** Paths of sockets below the homes in it may have 107 bytes in all. */
const longestBase = 12;

/** ms that a process has to end by itself. */
const endLimit = 3_000;

/** A private folder with everything a trial or test leaves on disk, and the environment that keeps programs inside it. */
export interface Workspace {
  dir: string;
  /** Logs of all processes, NAME.log. */
  logs: string;
  /** A person's environment: own home, configuration, state and runtime folders. The real ones are never touched. */
  home(name: string, runtimeDir?: Variation["runtimeDir"]): NodeJS.ProcessEnv;
  remove(): void;
}

export const createWorkspace = (purpose: string): Workspace => {
  // mkdtemp makes it 0700.
  const dir = mkdtempSync(join(tmpdir().length > longestBase ? "/tmp" : tmpdir(), `sag-${purpose}-`));
  const logs = join(dir, "log");
  mkdirSync(logs);
  return {
    dir,
    logs,
    home: (name, runtimeDir = "set") => createHome(join(dir, name), runtimeDir),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }),
  };
};

const createHome = (home: string, runtimeDir: Variation["runtimeDir"]): NodeJS.ProcessEnv => {
  const folder = (name: string): string => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const { DBUS_SESSION_BUS_ADDRESS: _, XDG_RUNTIME_DIR: __, ...inherited } = process.env;
  const runtime = runtimeDir === "removed" ? join(home, "gone") : folder("run");
  return {
    ...inherited,
    PATH: `${at("bin")}:${process.env.PATH ?? ""}`,
    HOME: home,
    XDG_CONFIG_HOME: folder("config"),
    XDG_STATE_HOME: folder("state"),
    XDG_DATA_HOME: folder("data"),
    XDG_CACHE_HOME: folder("cache"),
    ...(runtimeDir === "unset" ? {} : { XDG_RUNTIME_DIR: runtime }),
  };
};

/** A person's runtime folder: sockets and sessions of their tunnels. It is there once `sag` has run. */
export const runtimeOf = (env: NodeJS.ProcessEnv): string => {
  const runs = join(`${env.HOME}`, ".local/state/sag/run");
  return join(runs, readdirSync(runs)[0] ?? "");
};

/** Processes, of whatever origin, whose command line names the folder: what must not be left when it is removed. */
export const processesOf = (dir: string): { pid: number; command: string }[] => {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return command.includes(dir) ? [{ pid: Number(name), command }] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
};

/** Ends such processes, first by asking; gives those that were there. */
export const endProcessesOf = async (dir: string): Promise<{ pid: number; command: string }[]> => {
  const found = processesOf(dir);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const { pid } of processesOf(dir)) process.kill(pid, signal);
    if (await until("their end", () => processesOf(dir).length === 0, endLimit).catch(() => false)) break;
  }
  return found;
};
