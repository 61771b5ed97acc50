import type { Kysely } from "kysely";

/** Adds published resources, second factors and codes for forgotten passwords, and an index of ended sessions by age. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("instance")
    .addColumn("second_factor_required", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createTable("resource")
    .addColumn("instance_id", "text", (c) => c.notNull().references("instance.id").onDelete("cascade"))
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("resource_pk", ["instance_id", "name"])
    .execute();
  await db.schema
    .createTable("second_factor")
    .addColumn("account_id", "text", (c) => c.primaryKey().references("account.id").onDelete("cascade"))
    .addColumn("secret", "text")
    .addColumn("last_step", "bigint", (c) => c.notNull())
    .addColumn("pending_secret", "text")
    .addColumn("pending_until", "bigint", (c) => c.notNull())
    .execute();
  // No foreign key to the account, because there are also rows for names that do not exist.
  await db.schema
    .createTable("password_code")
    .addColumn("enterprise_code", "text", (c) => c.notNull())
    .addColumn("user_name", "text", (c) => c.notNull())
    .addColumn("device_id", "text", (c) => c.notNull())
    .addColumn("code_hash", "text", (c) => c.notNull())
    .addColumn("tries_left", "integer", (c) => c.notNull())
    .addColumn("made_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("password_code_pk", ["enterprise_code", "user_name", "device_id"])
    .execute();
  await db.schema.createIndex("password_code_by_end").on("password_code").column("expires_at").execute();
  await db.schema
    .createIndex("session_by_end")
    .on("session")
    .column("ended_at")
    .where("ended_at" as never, "is not", null)
    .execute();
}
