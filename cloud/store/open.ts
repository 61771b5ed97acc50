import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect } from "kysely";
import type { Store } from "./db.ts";
import { storageRefusal } from "./failures.ts";
import { completeKeys } from "./keys.ts";
import { Migrator, query } from "./kysely.ts";
import { migrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";
import { kyselyDatabase, openDatabase } from "./sqlite.ts";

/** Names of the files in the data directory. */
export const databaseFile = "cloud.db";
/** Pre-shared keys and secrets, which can be made anew. A backup takes only the secret that tokens follow from. */
export const keysFile = "keys.db";

/** Opens (and makes) the embedded store; every commit is on the disk before it is acknowledged. */
export function openStore(directory: string): Store {
  let database: DatabaseSync;
  try {
    database = openDatabase(join(directory, databaseFile));
    database.prepare("attach ? as keys").run(join(directory, keysFile));
    for (const schema of ["main", "keys"]) database.exec(`pragma ${schema}.journal_mode = WAL`);
    database.exec("pragma main.synchronous = FULL");
    // Survives the end of the process all the same. After a power failure a pre-shared key may be missing: then the access point
    // gets a new one and the client renews, which is cheaper than a second wait for the disk in every Dial.
    database.exec("pragma keys.synchronous = NORMAL");
    // KiB, as a negative number: SQLite's own 2 MB are little for a store of some thousand accounts.
    database.exec("pragma main.cache_size = -16000");
    // What is deleted there shall be gone, not only unlinked.
    database.exec("pragma keys.secure_delete = ON");
    database.exec("pragma foreign_keys = ON");
  } catch (error) {
    throw storageRefusal(error, directory) ?? error;
  }
  return new Kysely<Schema>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  }) as unknown as Store;
}

/** Brings the schema up to date; returns the names of what was applied. */
export async function migrate(store: Store, directory: string): Promise<string[]> {
  const migrator = new Migrator({ db: query(store), provider: migrations });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw storageRefusal(error, directory) ?? error;
  await completeKeys(query(store));
  return (results ?? []).filter((r) => r.status === "Success").map((r) => r.migrationName);
}
