import { join } from "node:path";
import Database from "better-sqlite3";
import { Kysely, SqliteDialect, type SqliteStatement } from "kysely";
import { Migrator } from "kysely/migration";
import { storageRefusal } from "./failures.ts";
import { migrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";

export type Store = Kysely<Schema>;

/** Names of the files in the data directory. */
export const databaseFile = "cloud.db";
/** Pre-shared keys and the server's own secrets: no backup takes this file, and nothing breaks for long without it. */
export const keysFile = "keys.db";

/** Opens (and makes) the embedded store; every commit is on the disk before it is acknowledged. */
export function openStore(directory: string): Store {
  let database: Database.Database;
  try {
    database = new Database(join(directory, databaseFile));
    database.prepare("attach ? as keys").run(join(directory, keysFile));
    for (const schema of ["main", "keys"]) database.pragma(`${schema}.journal_mode = WAL`);
    database.pragma("main.synchronous = FULL");
    // Survives the end of the process all the same. After a power failure a pre-shared key may be missing: then the access point
    // gets a new one and the client renews, which is cheaper than a second wait for the disk in every Dial.
    database.pragma("keys.synchronous = NORMAL");
    // What is deleted there shall be gone, not only unlinked.
    database.pragma("keys.secure_delete = ON");
    database.pragma("foreign_keys = ON");
  } catch (error) {
    throw storageRefusal(error, directory) ?? error;
  }
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: remembering(database) }) });
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** Prepares each statement once: the dial path runs the same few over and over. */
function remembering(database: Database.Database) {
  const known = new Map<string, SqliteStatement>();
  return {
    close: () => {
      known.clear();
      database.close();
    },
    prepare(sql: string): SqliteStatement {
      // A full disk ends the transaction by itself; rolling it back again would hide why.
      if (sql === "rollback" && !database.inTransaction) return nothing;
      let statement = known.get(sql);
      if (!statement) {
        statement = database.prepare(sql) as unknown as SqliteStatement;
        // Lists of values make statements without end; only the common ones are worth keeping.
        if (known.size < 500) known.set(sql, statement);
      }
      return statement;
    },
  };
}

/** Brings the schema up to date; returns the names of what was applied. */
export async function migrate(store: Store, directory: string): Promise<string[]> {
  const migrator = new Migrator({ db: store, provider: migrations });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw storageRefusal(error, directory) ?? error;
  return (results ?? []).filter((r) => r.status === "Success").map((r) => r.migrationName);
}
