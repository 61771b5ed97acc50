import type { Kysely } from "kysely";

/** Adds search domains. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("instance_dns_search")
    .addColumn("instance_id", "text", (c) => c.notNull().references("instance.id").onDelete("cascade"))
    .addColumn("domain", "text", (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("instance_dns_search_pk", ["instance_id", "domain"])
    .execute();
}
