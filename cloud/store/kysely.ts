import { type Kysely, type Selectable, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { Db } from "./db.ts";
import type { Schema } from "./schema.ts";

// Only for files of cloud/store, which dependency-cruiser enforces; other code uses the handles of db.ts.

export { Migrator, sql };

/** A row as it is read from a table. */
export type Row<T extends keyof Schema> = Selectable<Schema[T]>;

/** The query builder of a handle. */
export function query(db: Db): Kysely<Schema> {
  return db as unknown as Kysely<Schema>;
}
