import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "../../build/lib/root.ts";
import type { Variation } from "./variation.ts";
import { until } from "./wait.ts";

/** Socket paths below the homes in it are limited to 107 bytes. */
const longestBase = 12;

/** Time that processes have to end by themselves, ms. */
const endLimit = 3_000;

/** A private directory for all files of a trial or test, and an environment in which programs use it. */
export interface Workspace {
  dir: string;
  /** Logs of all processes, NAME.log. */
  logs: string;
  /**
   * A person's environment with separate home, configuration, state and runtime directories, so that the real ones
   * are not used.
   */
  home(name: string, runtimeDir?: Variation["runtimeDir"]): NodeJS.ProcessEnv;
  remove(): void;
}

export const createWorkspace = (purpose: string): Workspace => {
  // mkdtemp creates it with mode 0700.
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

/** A person's runtime directory, for sockets and sessions of their tunnels. It exists once `sag` has run. */
export const runtimeOf = (env: NodeJS.ProcessEnv): string => {
  const runs = join(`${env.HOME}`, ".local/state/sag/run");
  return join(runs, readdirSync(runs)[0] ?? "");
};

/** Processes whose command line contains the directory; none may be left when it is removed. */
export const processesOf = (dir: string): { pid: number; command: string }[] => {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return command.includes(dir) ? [{ pid: Number(name), command }] : [];
      } catch {
        // It has exited in the meantime.
        return [];
      }
    });
};

/** Ends such processes, first with SIGTERM; returns those that were found. */
export const endProcessesOf = async (dir: string): Promise<{ pid: number; command: string }[]> => {
  const found = processesOf(dir);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const { pid } of processesOf(dir)) process.kill(pid, signal);
    if (await until("their end", () => processesOf(dir).length === 0, endLimit).catch(() => false)) break;
  }
  return found;
};
