import { readdirSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { readText } from "../host/files.ts";
import { type IntranetRecord, recordSchema } from "../settings/schema.ts";
import { findSocket, isAlive, isSessionWanted, runtimeDirs } from "./process.ts";
import { isInService } from "./service.ts";

/**
 * The runtime directory decides which tunnels run. Each tunnel's directory has a copy of its intranet's settings, so
 * that the tunnel can be listed and ended even if the settings file is damaged or lost.
 */
const recordName = "intranet.json";

/**
 * Records the intranet in its tunnel's directory; null: the service runs it. Without fsync, because the record is
 * only for this boot. Errors are ignored, because the record is needed only if the settings are lost.
 */
export async function noteIntranet(
  environment: Environment,
  record: IntranetRecord,
  tunnelDir: string | null,
): Promise<void> {
  const dir = tunnelDir ?? join(environment.runtimeDir, record.id);
  const path = join(dir, recordName);
  try {
    makePrivateDir(dir, environment.uid);
    await writeFile(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch {
    // The disk is full, which sag-tunnel reports itself.
  }
}

/** Ids of intranets that were connected since boot; they may have ended since. */
export function notedIntranets(environment: Environment): string[] {
  const ids = runtimeDirs(environment).flatMap((dir) => {
    try {
      return readdirSync(dir).filter((name) => /^[0-9a-z]{4,32}$/.test(name));
    } catch {
      return [];
    }
  });
  return [...new Set(ids)];
}

/** The recorded settings of those intranets that are running. */
export async function runningIntranets(environment: Environment, ids: string[]): Promise<IntranetRecord[]> {
  const found = await Promise.all(ids.map((id) => runningIntranet(environment, id).catch(() => null)));
  return found.filter((record) => record !== null);
}

async function runningIntranet(environment: Environment, id: string): Promise<IntranetRecord | null> {
  for (const dir of runtimeDirs(environment)) {
    const text = await readText(join(dir, id, recordName));
    const { data } = recordSchema.safeParse(parse(text));
    if (data?.id === id) return (await isRunning(environment, id)) ? data : null;
  }
  return null;
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

async function isRunning(environment: Environment, id: string): Promise<boolean> {
  if (isSessionWanted(environment, id)) return true;
  const socket = findSocket(environment, id);
  return (socket !== null && (await isAlive(socket))) || isInService(environment, id);
}
