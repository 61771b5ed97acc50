import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** The value that an operator set; undefined = the default applies. */
export async function findQuota(db: Db, tenantId: string, name: string): Promise<number | undefined> {
  const row = await query(db)
    .selectFrom("quota")
    .select("value")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value;
}

/** All values set for a product account, by name. */
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

/** Tables whose number of rows per product account is limited. */
export type Counted = "instance" | "ccn" | "cen" | "acl" | "qos" | "flow_log" | "cloud_network" | "enterprise_code";

/** The default CCN and CEN do not count, because the account did not create them and cannot delete them. */
const withoutDefault: readonly Counted[] = ["ccn", "cen"];

/** Number of rows that count against the account's quota. */
export async function countOwned(db: Db, table: Counted, tenantId: string): Promise<number> {
  // The cast to one table's type is safe: all have these columns.
  let counted = query(db)
    .selectFrom(table as "ccn")
    .where("tenant_id", "=", tenantId);
  if (withoutDefault.includes(table)) counted = counted.where("is_default", "=", 0);
  const { count } = await counted.select((e) => e.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  return Number(count);
}
