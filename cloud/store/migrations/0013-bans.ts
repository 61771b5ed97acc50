import type { Kysely } from "kysely";

/** Adds until when an account is refused, and why. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("account").addColumn("banned_until", "integer").execute();
  await db.schema
    .alterTable("account")
    .addColumn("ban_reason", "text", (column) => column.notNull().defaultTo(""))
    .execute();
}
