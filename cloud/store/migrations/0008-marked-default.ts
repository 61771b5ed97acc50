import type { Kysely } from "kysely";

/** Adds whether a CCN's creator marked it as default. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("ccn")
    .addColumn("marked_default", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
}
