import { readdirSync, statfsSync, statSync, unlinkSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

/** Free space required, bytes: several times the size of the compiled code. */
const room = 32 * 1024 * 1024;
/** Age after which a file is no longer considered to be in writing by another process, ms. */
const old = 60_000;

/**
 * Caches compiled code, so that later starts are faster. Node.js leaves an empty file behind for each one that it
 * could not write. So nothing is cached on a full disk, and where a quota is used up the next run removes the empty
 * files and caches nothing.
 */
export function enableCodeCache(dir: string): void {
  try {
    if (hasRoom(dir) && !sweep(dir)) enableCompileCache(dir);
  } catch {
    // Without the cache the command is only slower.
  }
}

function hasRoom(dir: string): boolean {
  for (let at = dir; ; at = dirname(at)) {
    try {
      const { bavail, bsize, files, ffree } = statfsSync(at);
      return bavail * bsize >= room && (files === 0 || ffree > 1_000);
    } catch {
      if (at === dirname(at)) return false; // the directory is created with the first file
    }
  }
}

/**
 * Removes the empty files ("NAME.cache.XXXXXX" or "NAME.XXXXXX") that failed writes left; returns whether there were
 * any.
 */
function sweep(dir: string): boolean {
  let found = false;
  let versions: string[] = [];
  try {
    versions = readdirSync(dir);
  } catch {
    return false;
  }
  for (const version of versions) {
    for (const name of readdirSync(join(dir, version))) {
      if (!/\.[0-9A-Za-z]{6}$/.test(name)) continue;
      const path = join(dir, version, name);
      const { size, mtimeMs } = statSync(path);
      if (size > 0 || Date.now() - mtimeMs < old) continue;
      unlinkSync(path);
      found = true;
    }
  }
  return found;
}
