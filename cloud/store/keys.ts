import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/**
 * Creates missing tables of the attached keys database. Migrations are recorded in cloud.db, so they do not recreate a keys.db that was
 * lost or not restored. Its contents are recreated: pre-shared keys when sessions renew, and the server's secret at start, after which
 * people sign in again. Secrets of access keys are lost; an administrator has to create new keys.
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
