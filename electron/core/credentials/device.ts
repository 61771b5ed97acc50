import { randomBytes } from "node:crypto";
import { link, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { failureFromSystem, systemCode } from "../causes/system.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { readText, removeFile, writeAtomic } from "../host/files.ts";

/** What the cloud instance knows this user on this machine by: random, not derived from anything. */
export interface DeviceIdentity {
  id: string;
  name: string;
  platform: string;
}

/** One per user and machine, shared by app and command line; made when first asked for. */
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
  // Made whole under another name first: of two that start together one wins and both use its id.
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

/** null: there is a file, and it is damaged. */
function read(text: string | undefined): string | null | undefined {
  if (text === undefined) return undefined;
  return /^[0-9a-f]{32}$/.test(text.trim()) ? text.trim() : null;
}
