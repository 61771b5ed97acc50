import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../../common/directories.ts";

/**
 * Where sockets and sessions of running tunnels are. A tunnel outlives the login session that started it, and cron,
 * su and sudo have no XDG_RUNTIME_DIR or a different one. So the path depends only on the user, the home directory
 * and the current boot.
 */

/**
 * A Unix socket's path is limited to 107 bytes (unix(7)); "/dial-" + an id of 12 + ".lock." + a number follow the
 * directory.
 */
const longestRuntimeDir = 107 - 34;

/** How long directories of earlier boots are kept after their last change, ms. */
const keptFor = 30 * 86_400_000;

/**
 * Identifies the current boot, so that directories of earlier boots, or of another host with the same home, are
 * ignored.
 */
function bootName(): string {
  bootNameOnce ??= readBootName();
  return bootNameOnce;
}

let bootNameOnce: string | undefined;

function readBootName(): string {
  try {
    return digest(readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  } catch {
    return "any";
  }
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/**
 * The directory below the home; null if that is impossible: no home, not writable, or the path is too long for
 * sockets.
 */
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
 * Removes directories of earlier boots. Other hosts that share the home have theirs here too, so only those without
 * changes for a long time are removed; a running session is rewritten with every renewal.
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
    // Cleaning up is optional.
  }
}

/**
 * The directory in /tmp, where any user could create it first. If another user owns it, creates one with a random
 * suffix, which later calls find. An existing directory of this user stays in use even when the plain name becomes
 * free, because tunnels run in it.
 */
export function runtimeDirInTmp(home: string, uid: number | null, tmp = "/tmp"): string {
  const plain = join(tmp, tmpName(home, uid));
  const find = (): string | undefined => ownRuntimeDirsInTmp(home, uid, tmp)[0];
  const found = find();
  if (found) return found;
  if (!makeOwn(plain, uid)) mkdtempSync(`${plain}-`);
  // If two processes created one at the same time, both use the first.
  return find() ?? plain;
}

/** All such directories, the one to use first. There are several only if processes created them at the same time. */
function ownRuntimeDirsInTmp(home: string, uid: number | null, tmp: string): string[] {
  const name = tmpName(home, uid);
  try {
    return pathsIn(tmp, name, uid).filter((dir) => isOwn(dir, uid));
  } catch {
    return [];
  }
}

interface Listing {
  tmp: string;
  name: string;
  uid: number | null;
  /** When `tmp` was last changed, as lstat says, ms; null if it has to be read again in any case. */
  changed: number | null;
  paths: string[];
  /** Suffixes that other users have taken, of whom one can plant tens of thousands. */
  foreign: Set<string>;
}
let listing: Listing | undefined;

/**
 * How old the last change of a directory must be for its listing to be kept, ms: a change within the same tick of the
 * file system's clock, up to 10 ms, would not show in its time.
 */
const settledAfter = 50;

/** What mkdtemp appends, after our hyphen. */
const suffixPattern = /^-[A-Za-z0-9]{6}$/;

/**
 * This user's paths in /tmp that are called `name`, also with a suffix. A dial asks ten times, and reading a full /tmp
 * takes longer than the rest, so it is read again only after a change. Another user's path is looked at once, because
 * random suffixes are not used again.
 */
function pathsIn(tmp: string, name: string, uid: number | null): string[] {
  const changed = lstatSync(tmp).mtimeMs;
  const last = listing?.tmp === tmp && listing.name === name && listing.uid === uid ? listing : undefined;
  if (last?.changed === changed) return last.paths;
  const isSettled = Math.abs(Date.now() - changed) > settledAfter;
  const paths: string[] = [];
  const foreign = new Set<string>();
  for (const one of readdirSync(tmp)) {
    const suffix = one.startsWith(name) ? one.slice(name.length) : null;
    if (suffix === null || (suffix !== "" && !suffixPattern.test(suffix))) continue;
    const path = join(tmp, one);
    if (!last?.foreign.has(suffix) && isOf(path, uid)) paths.push(path);
    else if (suffix !== "") foreign.add(suffix);
  }
  paths.sort();
  listing = { tmp, name, uid, changed: isSettled ? changed : null, paths, foreign };
  return paths;
}

function isOf(path: string, uid: number | null): boolean {
  try {
    return uid === null || lstatSync(path).uid === uid;
  } catch {
    return false;
  }
}

const tmpName = (home: string, uid: number | null): string => `sag-${uid ?? "user"}-${digest(home + bootName())}`;

/**
 * The directories of earlier versions and those in /tmp, as far as they exist and this user owns them. To be called
 * every time, because another process may have created one since.
 */
export function otherRuntimeDirs(env: NodeJS.ProcessEnv, home: string, uid: number | null, tmp = "/tmp"): string[] {
  if (uid === null) return [];
  const given = env.XDG_RUNTIME_DIR?.startsWith("/") ? [env.XDG_RUNTIME_DIR] : [];
  const candidates = [...[...given, `/run/user/${uid}`].map((dir) => join(dir, "sag")), join(tmp, `sag-${uid}`)];
  return [...new Set([...candidates.filter((dir) => isOwn(dir, uid)), ...ownRuntimeDirsInTmp(home, uid, tmp)])];
}

/** Creates the directory for this user alone; false if that is impossible. */
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
