import type { Kysely } from "kysely";

/** Whether the creator of a CCN called it a default. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("ccn")
    .addColumn("marked_default", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
}
