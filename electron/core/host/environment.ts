import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { chmodSync, lstatSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeDirectories } from "../../../common/directories.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import { absolute, ownFolder, ownHome } from "./home.ts";
import { otherRuntimeDirs, runtimeDirAtHome, runtimeDirInTmp } from "./runtime.ts";

/** What core uses of the host; tests can replace all of it. */
export interface Environment {
  configDir: string;
  stateDir: string;
  /** Where this user's tunnels are started. It exists, and only this user can enter it. */
  runtimeDir: string;
  /**
   * Other directories where tunnels may run: those of earlier versions, and the ones used while the first had no free
   * space. Read anew on every call.
   */
  otherRuntimeDirs(): string[];
  /** The directory to use while the first one has no free space. */
  spareRuntimeDir(): string;
  /** Directory with the socket of the installed service (system mode), and the user that has to own it. */
  serviceDir: string;
  /** "" = this system; otherwise the root directory in which the service is looked for. */
  serviceRoot: string;
  serviceOwner: number;
  /** The device's name as shown to users. */
  deviceName: string;
  platform: NodeJS.Platform;
  /** null where the system has no user ids. */
  uid: number | null;
  /** A sag-tunnel binary to use instead of the installed one. */
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
    // Created on first use, because a directory that cannot be created is replaced by another one.
    get runtimeDir() {
      runtimeDir ??= runtimeDirAtHome(home, uid) ?? spare();
      return runtimeDir;
    },
    otherRuntimeDirs: () => otherRuntimeDirs(env, home, uid),
    spareRuntimeDir: spare,
    serviceDir: absolute(env.SAG_SERVICE_DIR) ?? "/run/sag-tunnel",
    serviceRoot: "",
    serviceOwner: 0,
    deviceName: hostname() || "unnamed",
    platform: process.platform,
    uid,
    tunnelBinary: env.SAG_TUNNEL || null,
    now: Date.now,
    spawn,
  };
}

/** Creates a directory that only this user can enter. Fails if another user created it first. */
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
