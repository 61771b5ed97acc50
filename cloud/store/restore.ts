import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Refusal } from "../base/cause.ts";
import { say } from "../base/say.ts";
import { countAccounts, isArchive, manifestFile, tlsFolder } from "./backup.ts";
import { checkCompleteness } from "./completeness.ts";
import { storageRefusal } from "./failures.ts";
import { lockDirectory } from "./lock.ts";
import { databaseFile, keysFile } from "./open.ts";
import { beginSwitch, finishSwitch, removeLeftovers, workPrefix } from "./switch.ts";
import { tar } from "./tar.ts";

export interface Restored {
  directory: string;
  madeAt: string | null;
  accounts: number;
  /** Directory with the former files; null = there were none. */
  replaced: string | null;
}

/**
 * Restores a backup into a data directory that no server uses. Existing files are kept aside if `replace` is set; otherwise they are
 * refused. Everything is unpacked and checked in a subfolder first. Then a journal makes the switch atomic: if this process is
 * interrupted, the next process that locks the directory finds the former data or completes the switch. `step` is called before each
 * change to the directory, for tests.
 */
export async function restore(
  from: string,
  directory: string,
  replace: boolean,
  now: number,
  step: () => void = () => {},
): Promise<Restored> {
  if (!existsSync(from)) throw new Refusal("not_found", say("backup_missing", { path: from }));
  const unlock = lockDirectory(directory);
  try {
    const there = [databaseFile, keysFile, tlsFolder].filter((name) => existsSync(join(directory, name)));
    if (there.length > 0 && !replace) {
      throw new Refusal("already_exists", say("backup_target_used", { path: directory }));
    }
    step();
    const work = mkdtempSync(join(directory, workPrefix));
    step();
    const source = isArchive(from) ? await unpack(from, work) : from;
    if (!existsSync(join(source, databaseFile))) {
      throw new Refusal("storage_damaged", say("backup_incomplete", { path: from, database: databaseFile }));
    }
    checkCompleteness(source);
    const fresh = join(work, "new");
    mkdirSync(fresh, { mode: 0o700 });
    for (const name of [databaseFile, `${databaseFile}-wal`, keysFile, tlsFolder]) {
      if (existsSync(join(source, name))) cpSync(join(source, name), join(fresh, name), { recursive: true });
    }
    const accounts = checkCopy(fresh, from);
    const made = madeAt(source);
    // Move the WAL of a running or crashed server together with its database.
    const old = readdirSync(directory).filter((name) => /^(cloud|keys)\.db|^tls$/.test(name));
    const aside = old.length === 0 ? null : `replaced-${new Date(now).toISOString().replace(/[:.]/g, "-")}`;
    step();
    beginSwitch(directory, { work: basename(work), old, aside, fresh: readdirSync(fresh) });
    step();
    finishSwitch(directory, step);
    return { directory, madeAt: made, accounts, replaced: aside === null ? null : join(directory, aside) };
  } catch (error) {
    throw storageRefusal(error, directory) ?? error;
  } finally {
    // If the journal is written, the files it names are kept: the next process that locks the directory completes the switch.
    removeLeftovers(directory);
    unlock();
  }
}

async function unpack(from: string, work: string): Promise<string> {
  const unpacked = join(work, "unpacked");
  mkdirSync(unpacked, { mode: 0o700 });
  await tar(["-xf", from, "-C", unpacked, "--no-same-owner"], join(work, ".."));
  return unpacked;
}

function checkCopy(beside: string, from: string): number {
  const copy = new DatabaseSync(join(beside, databaseFile));
  try {
    const said = copy.prepare("pragma integrity_check(1)").get()?.integrity_check;
    if (said !== "ok")
      throw new Refusal("storage_damaged", say("storage_damaged_because", { path: from, reason: String(said) }));
  } finally {
    copy.close();
  }
  return countAccounts(beside);
}

function madeAt(source: string): string | null {
  try {
    const manifest = JSON.parse(readFileSync(join(source, manifestFile), "utf8")) as { madeAt?: unknown };
    return typeof manifest.madeAt === "string" ? manifest.madeAt : null;
  } catch {
    return null;
  }
}
