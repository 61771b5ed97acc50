import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";

/**
 * The home directory of the user who runs this. HOME is used only if that user owns it: `sudo` may keep the caller's
 * HOME for root, and the caller could not change files that root wrote there.
 */
export function ownHome(env: NodeJS.ProcessEnv, uid: number | null): string {
  const given = absolute(env.HOME);
  // homedir() throws if HOME is unset and the user database has no such user, as in some containers.
  if (given === undefined) return enteredHome() ?? "/";
  if (uid === null || ownerOf(given) === uid) return given;
  const entered = enteredHome();
  return entered !== undefined && ownerOf(entered) === uid ? entered : given;
}

/**
 * A directory from an environment variable. Root does not use one below another user's directory, as `sudo -E` passes
 * it.
 */
export function ownFolder(path: string | undefined, uid: number | null): string | undefined {
  const given = absolute(path);
  if (given === undefined || uid !== 0) return given;
  for (let at = given; at !== "/"; at = dirname(at)) {
    const owner = ownerOf(at);
    if (owner !== undefined) return owner === 0 ? given : undefined;
  }
  return given;
}

/** Where compiled code is cached. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  const uid = process.getuid?.() ?? null;
  return join(ownFolder(env.XDG_CACHE_HOME, uid) ?? join(ownHome(env, uid), ".cache"), "sag");
}

export const absolute = (path: string | undefined): string | undefined => (path?.startsWith("/") ? path : undefined);

/** The home directory in the user database; undefined for a user without an entry, as in some containers. */
function enteredHome(): string | undefined {
  try {
    return absolute(userInfo().homedir);
  } catch {
    return undefined;
  }
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}
