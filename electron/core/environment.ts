import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { chmodSync, lstatSync, statSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { Failure } from "./causes/failure.ts";
import { failureFromSystem } from "./causes/system.ts";
import { makeDirectories } from "./directories.ts";

/** What core knows of the machine; everything in it can be replaced in a test. */
export interface Environment {
  configDir: string;
  stateDir: string;
  runtimeDir: string;
  /** Where the installed service (system mode) has its socket, and the only user who may have put it there. */
  serviceDir: string;
  serviceOwner: number;
  /** For people: the device's name. */
  deviceName: string;
  platform: NodeJS.Platform;
  /** null where the system has no user ids. */
  uid: number | null;
  /** A sag-tunnel to use instead of the one that came with this software. */
  tunnelBinary: string | null;
  /** ms since 1970. */
  now(): number;
  spawn(command: string, args: string[], options: SpawnOptions): ChildProcess;
}

/** The longest runtime directory: a socket's path may have 107 bytes, and "/" + id + "/rpc.sock" comes after it. */
const longestRuntimeDir = 107 - 42;

export function systemEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const home = env.HOME || homedir();
  const uid = process.getuid?.() ?? null;
  return {
    configDir: join(absolute(env.XDG_CONFIG_HOME) ?? join(home, ".config"), "sag"),
    stateDir: join(absolute(env.XDG_STATE_HOME) ?? join(home, ".local", "state"), "sag"),
    runtimeDir: runtimeDir(absolute(env.XDG_RUNTIME_DIR), uid),
    serviceDir: absolute(env.SAG_SERVICE_DIR) ?? "/run/sag-tunnel",
    serviceOwner: 0,
    deviceName: hostname() || "unnamed",
    platform: process.platform,
    uid,
    tunnelBinary: env.SAG_TUNNEL || null,
    now: Date.now,
    spawn,
  };
}

/** Makes a directory that only this user can enter, and refuses one that somebody else made first. */
export function makePrivateDir(path: string, uid: number | null): void {
  try {
    makeDirectories(path, 0o700);
    const found = lstatSync(path);
    if (!found.isDirectory() || (uid !== null && found.uid !== uid)) {
      throw new Failure("not_permitted", { subject: path });
    }
    if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (thrown) {
    throw failureFromSystem(thrown, path);
  }
}

const absolute = (path: string | undefined): string | undefined => (path?.startsWith("/") ? path : undefined);

function runtimeDir(given: string | undefined, uid: number | null): string {
  if (given && Buffer.byteLength(given) + 4 <= longestRuntimeDir) {
    const found = statSync(given, { throwIfNoEntry: false });
    if (found?.isDirectory() && (uid === null || found.uid === uid)) return join(given, "sag");
  }
  return `/tmp/sag-${uid ?? "user"}`;
}
