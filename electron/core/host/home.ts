import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";

/**
 * The home folder of the user who runs this. HOME only where it is that user's own: `sudo` may leave the caller's HOME to root, and
 * what root wrote there the caller could not change any more.
 */
export function ownHome(env: NodeJS.ProcessEnv, uid: number | null): string {
  const given = absolute(env.HOME);
  // homedir() throws for a user without HOME who is in no user database, as some containers have.
  if (given === undefined) return enteredHome() ?? "/";
  if (uid === null || ownerOf(given) === uid) return given;
  const entered = enteredHome();
  return entered !== undefined && ownerOf(entered) === uid ? entered : given;
}

/** A folder named by the environment; for root not one below another user's, as `sudo -E` names it. */
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

/** The home in the system's user database; undefined for a user that is in none, as in some containers. */
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
