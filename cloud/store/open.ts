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

/** Names of the database files in the data directory. */
export const databaseFile = "cloud.db";
/** Pre-shared keys and secrets, which can be recreated. A backup contains only the secret for tokens. */
export const keysFile = "keys.db";

/** Opens the embedded store, creating it if needed; every commit is durable before it is acknowledged. */
export function openStore(directory: string): Store {
  let database: DatabaseSync;
  try {
    database = openDatabase(join(directory, databaseFile));
    database.prepare("attach ? as keys").run(join(directory, keysFile));
    for (const schema of ["main", "keys"]) database.exec(`pragma ${schema}.journal_mode = WAL`);
    database.exec("pragma main.synchronous = FULL");
    // Commits survive the end of the process. After a power failure a pre-shared key may be missing: the access point then gets a new
    // one and the client renews, which costs less than a second fsync in every Dial.
    database.exec("pragma keys.synchronous = NORMAL");
    // A negative number is in KiB. SQLite's default of 2 MB is small for a store with thousands of accounts.
    database.exec("pragma main.cache_size = -16000");
    // Overwrite deleted keys with zeros.
    database.exec("pragma keys.secure_delete = ON");
    database.exec("pragma foreign_keys = ON");
  } catch (error) {
    throw storageRefusal(error, directory) ?? error;
  }
  return new Kysely<Schema>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  }) as unknown as Store;
}

/** Applies pending migrations; returns their names. */
export async function migrate(store: Store, directory: string): Promise<string[]> {
  const migrator = new Migrator({ db: query(store), provider: migrations });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw storageRefusal(error, directory) ?? error;
  await completeKeys(query(store));
  return (results ?? []).filter((r) => r.status === "Success").map((r) => r.migrationName);
}
