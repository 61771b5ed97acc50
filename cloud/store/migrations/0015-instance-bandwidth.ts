import type { Kysely } from "kysely";

/** Adds the bandwidth of an instance, Mbit/s; 0 = no limit. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("instance")
    .addColumn("bandwidth", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
}
