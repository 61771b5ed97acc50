import type { Kysely } from "kysely";

/** Adds an ACL of its own to accounts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("account")
    .addColumn("acl_id", "text", (column) => column.references("acl.id"))
    .execute();
  await db.schema.createIndex("account_by_acl").on("account").column("acl_id").execute();
}
