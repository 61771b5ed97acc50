import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { chmodSync, lstatSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeDirectories } from "../../../common/directories.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import { absolute, ownFolder, ownHome } from "./home.ts";
import { otherRuntimeDirs, runtimeDirAtHome, runtimeDirInTmp } from "./runtime.ts";

/** What core knows of the machine; everything in it can be replaced in a test. */
export interface Environment {
  configDir: string;
  stateDir: string;
  /** Where tunnels of this user are started. It is there, and only this user can enter it. */
  runtimeDir: string;
  /** Where running ones may be as well, as of now: the places of former versions, and of times when the first had no room. */
  otherRuntimeDirs(): string[];
  /** One to use while the first has no room. */
  spareRuntimeDir(): string;
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

export function systemEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const uid = process.getuid?.() ?? null;
  const home = ownHome(env, uid);
  const spare = (): string => runtimeDirInTmp(home, uid);
  let runtimeDir: string | undefined;
  return {
    configDir: join(ownFolder(env.XDG_CONFIG_HOME, uid) ?? join(home, ".config"), "sag"),
    stateDir: join(ownFolder(env.XDG_STATE_HOME, uid) ?? join(home, ".local", "state"), "sag"),
    // Made when it is first asked for, as whether it can be made decides which it is.
    get runtimeDir() {
      runtimeDir ??= runtimeDirAtHome(home, uid) ?? spare();
      return runtimeDir;
    },
    otherRuntimeDirs: () => otherRuntimeDirs(env, home, uid),
    spareRuntimeDir: spare,
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

/** Makes a directory that only this user can enter, and refuses one that another user made first. */
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
