import type { Kysely } from "kysely";

/**
 * Adds the id to the indexes by which pages of instances and accounts are read: accounts that were imported together have the same time,
 * so that each page sorted all of them.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, table, owner] of [
    ["instance_by_tenant", "instance", "tenant_id"],
    ["account_by_instance", "account", "instance_id"],
  ] as const) {
    await db.schema.dropIndex(name).execute();
    await db.schema.createIndex(name).on(table).columns([owner, "created_at", "id"]).execute();
  }
}
