import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../../common/directories.ts";

/**
 * Where sockets and sessions of running tunnels are. A tunnel outlives the log-in it was started in, and cron, su and sudo have no
 * XDG_RUNTIME_DIR or another one, so the place depends on nothing but the user, the home and this boot of the machine.
 */

/** A socket's path may have 107 bytes (unix(7)); "/dial-" + an id of 12 + ".lock." + a number come after the folder. */
const longestRuntimeDir = 107 - 34;

/** How long the folder of an earlier boot is kept after its last change, ms. */
const keptFor = 30 * 86_400_000;

/** Names this boot of this machine: what an earlier one left, or another machine with the same home, is not looked at. */
function bootName(): string {
  try {
    return digest(readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  } catch {
    return "any";
  }
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** The folder below the home; null where there can be none: no home, not writable, or too long a path for sockets. */
export function runtimeDirAtHome(home: string, uid: number | null): string | null {
  const runs = join(home, ".local", "state", "sag", "run");
  const dir = join(runs, bootName());
  if (Buffer.byteLength(dir) > longestRuntimeDir) return null;
  if (isOwn(dir, uid)) return dir;
  if (!makeOwn(dir, uid)) return null;
  removeOld(runs);
  return dir;
}

/**
 * Removes what earlier boots left. Other machines with the same home have theirs there too, so only folders untouched for a long time
 * goes: a session is written anew with every renewal.
 */
function removeOld(runs: string): void {
  try {
    for (const name of readdirSync(runs)) {
      const dir = join(runs, name);
      const inside = readdirSync(dir).map((one) => join(dir, one));
      const last = Math.max(...[dir, ...inside].map((path) => lstatSync(path).mtimeMs));
      if (Date.now() - last > keptFor) rmSync(dir, { recursive: true, force: true });
    }
  } catch {
    // It is only tidying up.
  }
}

/**
 * The folder in /tmp, where any user can make one first: a folder of another user is passed over, and one with a name that cannot
 * be guessed is made, which all later calls find. A folder that this user has already is kept, also when the plain name has become
 * free: tunnels run in it.
 */
export function runtimeDirInTmp(home: string, uid: number | null, tmp = "/tmp"): string {
  const plain = join(tmp, tmpName(home, uid));
  const find = (): string | undefined => ownRuntimeDirsInTmp(home, uid, tmp)[0];
  const found = find();
  if (found) return found;
  if (!makeOwn(plain, uid)) mkdtempSync(`${plain}-`);
  // Of two processes that made one at the same time both take the first.
  return find() ?? plain;
}

/** All of them that are there, the one to use first. There are several only if processes made one at the same time. */
function ownRuntimeDirsInTmp(home: string, uid: number | null, tmp: string): string[] {
  const name = tmpName(home, uid);
  try {
    return readdirSync(tmp)
      .filter((one) => one === name || one.startsWith(`${name}-`))
      .sort()
      .map((one) => join(tmp, one))
      .filter((dir) => isOwn(dir, uid));
  } catch {
    return [];
  }
}

const tmpName = (home: string, uid: number | null): string => `sag-${uid ?? "user"}-${digest(home + bootName())}`;

/**
 * Where the former version kept tunnels, and the folders in /tmp: those that are there and this user's own. To be asked anew each time,
 * as another process can have made one meanwhile.
 */
export function otherRuntimeDirs(env: NodeJS.ProcessEnv, home: string, uid: number | null, tmp = "/tmp"): string[] {
  if (uid === null) return [];
  const given = env.XDG_RUNTIME_DIR?.startsWith("/") ? [env.XDG_RUNTIME_DIR] : [];
  const candidates = [...[...given, `/run/user/${uid}`].map((dir) => join(dir, "sag")), join(tmp, `sag-${uid}`)];
  return [...new Set([...candidates.filter((dir) => isOwn(dir, uid)), ...ownRuntimeDirsInTmp(home, uid, tmp)])];
}

/** Whether the folder is there, or was made, for this user alone. */
function makeOwn(dir: string, uid: number | null): boolean {
  if (isOwn(dir, uid)) return true;
  try {
    makeDirectories(dir, 0o700);
    const found = lstatSync(dir);
    if (!found.isDirectory() || (uid !== null && found.uid !== uid)) return false;
    if ((found.mode & 0o077) !== 0) chmodSync(dir, 0o700);
    return true;
  } catch {
    return false;
  }
}

function isOwn(dir: string, uid: number | null): boolean {
  try {
    const found = lstatSync(dir);
    return found.isDirectory() && (uid === null || found.uid === uid) && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}
