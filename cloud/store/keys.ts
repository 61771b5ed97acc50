import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/**
 * Makes the tables of the attached keys database that are missing. Migrations are recorded in the main file, so a keys file that was lost
 * or not restored is not made by them. What was in it is made anew: keys of sessions when they renew, the server's secret at the start (then
 * people sign in again); secrets of access keys have to be made by an administrator.
 */
export async function completeKeys(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable("keys.preshared_key")
    .ifNotExists()
    .addColumn("session_id", "text", (c) => c.notNull())
    .addColumn("access_point_id", "text", (c) => c.notNull())
    .addColumn("value", "blob", (c) => c.notNull())
    .addPrimaryKeyConstraint("preshared_key_pk", ["session_id", "access_point_id"])
    .execute();
  await db.schema
    .createTable("keys.server_secret")
    .ifNotExists()
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("value", "blob", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("keys.access_key_secret")
    .ifNotExists()
    .addColumn("access_key_id", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();
}
