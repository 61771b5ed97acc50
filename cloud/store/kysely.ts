import { type Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { Db } from "./db.ts";
import type { Schema } from "./schema.ts";

// For the files of cloud/store only (a rule of dependency-cruiser): all others have the handles of db.ts.

export { Migrator, sql };

/** The query builder behind a handle. */
export function query(db: Db): Kysely<Schema> {
  return db as unknown as Kysely<Schema>;
}
