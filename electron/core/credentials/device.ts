import { randomBytes } from "node:crypto";
import { link, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { readText, removeFile, writeAtomic } from "../host/files.ts";

/**
 * Identifies this installation of the client to the cloud instance: random, not derived from hardware or the user's
 * name.
 */
export interface DeviceIdentity {
  id: string;
  name: string;
  platform: string;
}

/** One per user and host, shared by app and command line; created on first use. */
export async function deviceIdentity(environment: Environment): Promise<DeviceIdentity> {
  const path = join(environment.stateDir, "device");
  const named = (id: string): DeviceIdentity => ({
    id,
    name: environment.deviceName.slice(0, 128),
    platform: environment.platform,
  });
  const known = read(await readText(path));
  if (known) return named(known);
  makePrivateDir(environment.stateDir, environment.uid);
  const id = randomBytes(16).toString("hex");
  if (known === null) {
    await writeAtomic(path, `${id}\n`);
    return named(id);
  }
  // Written completely under another name first, then linked: if two processes start together, both use the id of the
  // first link.
  const fresh = `${path}.${id}.new`;
  try {
    await writeFile(fresh, `${id}\n`, { flag: "wx", mode: 0o600 });
    await link(fresh, path);
    return named(id);
  } catch (thrown) {
    const winner = systemCode(thrown) === "EEXIST" ? read(await readText(path)) : undefined;
    if (winner) return named(winner);
    throw failureFromSystem(thrown, path);
  } finally {
    await removeFile(fresh);
  }
}

/** undefined: no file. null: the file is damaged. */
function read(text: string | undefined): string | null | undefined {
  if (text === undefined) return undefined;
  return /^[0-9a-f]{32}$/.test(text.trim()) ? text.trim() : null;
}
