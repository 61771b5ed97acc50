import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** The value that an administrator set; undefined = the standard one is in force. */
export async function findQuota(db: Db, tenantId: string, name: string): Promise<number | undefined> {
  const row = await query(db)
    .selectFrom("quota")
    .select("value")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value;
}

/** All values that were set for an account of the product, by name. */
export async function quotasOf(db: Db, tenantId: string): Promise<Map<string, number>> {
  const rows = await query(db).selectFrom("quota").selectAll().where("tenant_id", "=", tenantId).execute();
  return new Map(rows.map((row) => [row.name, row.value]));
}

export async function putQuota(tx: Tx, tenantId: string, name: string, value: number): Promise<void> {
  await query(tx)
    .insertInto("quota")
    .values({ tenant_id: tenantId, name, value })
    .onConflict((conflict) => conflict.columns(["tenant_id", "name"]).doUpdateSet({ value }))
    .execute();
}

/** Tables of which an account of the product may have so many rows. */
export type Counted = "instance" | "ccn" | "cen" | "acl" | "cloud_network" | "enterprise_code";

/** The default CCN and CEN do not count: the account did not order them and cannot delete them. */
const withoutDefault: readonly Counted[] = ["ccn", "cen"];

/** How many of these an account has that count against its quota. */
export async function countOwned(db: Db, table: Counted, tenantId: string): Promise<number> {
  // One type stands for all of these tables: what is asked of it, each of them has.
  let counted = query(db)
    .selectFrom(table as "ccn")
    .where("tenant_id", "=", tenantId);
  if (withoutDefault.includes(table)) counted = counted.where("is_default", "=", 0);
  const { count } = await counted.select((e) => e.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  return Number(count);
}
