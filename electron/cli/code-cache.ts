import { readdirSync, statfsSync, statSync, unlinkSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

/** Bytes that have to be free: several times what compiled code takes. */
const room = 32 * 1024 * 1024;
/** ms after which a file that another process writes is not being written any more. */
const old = 60_000;

/**
 * Keeps compiled code, so that what was compiled once need not be again. Node.js leaves an empty file behind for each that it could not
 * write: a full disk gets none, and where a quota is used up they are removed by the next run, which writes nothing.
 */
export function enableCodeCache(dir: string): void {
  try {
    if (hasRoom(dir) && !sweep(dir)) enableCompileCache(dir);
  } catch {
    // It is only slower without.
  }
}

function hasRoom(dir: string): boolean {
  for (let at = dir; ; at = dirname(at)) {
    try {
      const { bavail, bsize, files, ffree } = statfsSync(at);
      return bavail * bsize >= room && (files === 0 || ffree > 1_000);
    } catch {
      if (at === dirname(at)) return false; // the folder comes into being with the first file
    }
  }
}

/** Removes what was left behind, "NAME.cache.XXXXXX" or "NAME.XXXXXX" without content; says whether there was any. */
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
