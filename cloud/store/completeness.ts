import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { Refusal } from "../base/cause.ts";
import { type Message, say } from "../base/say.ts";
import type { Store } from "./db.ts";
import { query, sql } from "./kysely.ts";
import { databaseFile, keysFile } from "./open.ts";
import { missingFrames } from "./wal.ts";

/**
 * A setting that is "yes" while a server has the store open. It remains "yes" in a copy of the database file alone that was taken
 * meanwhile.
 */
const openSetting = "store_open";

/** Files up to this size are checked at every start, larger ones only after an unclean shutdown. Bytes. */
const alwaysReadBytes = 256 * 1024 * 1024;

const damaged = (text: Message) => new Refusal("storage_damaged", text);

/**
 * Refuses a store that is incomplete: copied while a server wrote to it, truncated or damaged. Call it with the directory's lock held
 * and before opening the database, because SQLite accepts a truncated WAL as complete. `accept`: start with what is there.
 */
export function checkCompleteness(directory: string, accept = false): void {
  const file = join(directory, databaseFile);
  const [wal, shm] = [`${file}-wal`, `${file}-shm`];
  if (!existsSync(file) || statSync(file).size === 0) {
    if (existsSync(join(directory, keysFile)) && !existsSync(wal)) {
      throw damaged(say("storage_database_missing", { path: directory, keys: keysFile, database: databaseFile }));
    }
    return;
  }
  if (accept) return;
  if (existsSync(shm)) {
    const missing = missingFrames(existsSync(wal) ? readFileSync(wal) : Buffer.alloc(0), readFileSync(shm));
    if (missing > 0) throw damaged(say("storage_log_cut", { file: wal, pages: missing }));
  }
  const cut = bytesMissing(file);
  if (cut > 0 && !existsSync(wal)) throw damaged(say("storage_file_cut", { file, bytes: cut }));
  if (!existsSync(wal)) refuseLiveCopy(file);
}

/** Refuses a copy of the database file alone from a running server: it lacks what was in the WAL at that time. */
function refuseLiveCopy(file: string): void {
  // Open it read-only and immutable, so that SQLite takes no locks and creates no WAL file, which the next start would take for the
  // real one.
  const at = pathToFileURL(file);
  at.search = "?immutable=1";
  const database = new DatabaseSync(at, { readOnly: true });
  try {
    const missing = missingIn(database);
    if (missing === undefined) return;
    throw damaged(say(missing, { file, log: `${databaseFile}-wal` }));
  } finally {
    database.close();
  }
}

/** The message for what is missing. */
function missingIn(database: DatabaseSync): "storage_live_copy_empty" | "storage_live_copy_cut" | undefined {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
  // A database in WAL mode without tables: its first transaction was still in the WAL.
  if (tables.length === 0) return "storage_live_copy_empty";
  if (!tables.some(({ name }) => name === "setting")) return undefined;
  const row = database.prepare("select value from setting where name = ?").get(openSetting);
  return row?.value === "yes" ? "storage_live_copy_cut" : undefined;
}

/** How much shorter the file is than its header states; 0 if unknown. */
function bytesMissing(file: string): number {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, "r");
  try {
    if (readSync(descriptor, header, 0, 100, 0) < 100) return 0;
  } finally {
    closeSync(descriptor);
  }
  if (header.toString("latin1", 0, 15) !== "SQLite format 3") return 0;
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  // The page count in the header is valid only if the two change counters are equal (file format, 1.3.7).
  if (!header.subarray(24, 28).equals(header.subarray(92, 96))) return 0;
  return Math.max(0, header.readUInt32BE(28) * pageBytes - statSync(file).size);
}

/** Checks the structure of the open database. */
export async function checkIntegrity(store: Store, directory: string): Promise<void> {
  const orderly = (await wasOpen(store)) === false;
  if (orderly && statSync(join(directory, databaseFile)).size > alwaysReadBytes) return;
  const { rows } = await sql<{ quick_check: string }>`pragma main.quick_check(1)`.execute(query(store));
  const said = rows[0]?.quick_check;
  if (said !== "ok")
    throw damaged(
      said === undefined
        ? say("storage_damaged", { path: directory })
        : say("storage_damaged_because", { path: directory, reason: said.split("\n", 1)[0] ?? "" }),
    );
}

async function wasOpen(store: Store): Promise<boolean | undefined> {
  try {
    const row = await query(store)
      .selectFrom("setting")
      .select("value")
      .where("name", "=", openSetting)
      .executeTakeFirst();
    return row?.value === "yes";
  } catch {
    // The table does not exist yet.
    return undefined;
  }
}

/** Marks the database file as open by a server. */
export async function markOpen(store: Store): Promise<void> {
  await mark(store, "yes");
  await sql`pragma main.wal_checkpoint(truncate)`.execute(query(store));
}

export const markClosed = (store: Store): Promise<void> => mark(store, "no");

async function mark(store: Store, value: string): Promise<void> {
  await query(store)
    .insertInto("setting")
    .values({ name: openSetting, value })
    .onConflict((c) => c.column("name").doUpdateSet({ value }))
    .execute();
}
