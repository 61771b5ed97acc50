import type { Db, Tx } from "../db.ts";
import { query, type Row } from "../kysely.ts";

/** A product account, which owns instances, networks and keys. */
export interface Tenant {
  id: string;
  /** The number that other accounts use to grant it access. */
  uid: number;
  name: string;
  isDefault: boolean;
}

const tenantOf = (row: Row<"tenant">): Tenant => ({
  id: row.id,
  uid: row.uid ?? 0,
  name: row.name,
  isDefault: row.is_default === 1,
});

export async function findDefaultTenant(db: Db): Promise<Tenant | undefined> {
  const row = await query(db).selectFrom("tenant").selectAll().where("is_default", "=", 1).executeTakeFirst();
  return row && tenantOf(row);
}

export async function findTenantByName(db: Db, name: string): Promise<Tenant | undefined> {
  const row = await query(db).selectFrom("tenant").selectAll().where("name", "=", name).executeTakeFirst();
  return row && tenantOf(row);
}

export async function findTenant(db: Db, id: string): Promise<Tenant | undefined> {
  const row = await query(db).selectFrom("tenant").selectAll().where("id", "=", id).executeTakeFirst();
  return row && tenantOf(row);
}

/** Ordered by creation. */
export async function allTenants(db: Db): Promise<Tenant[]> {
  const rows = await query(db).selectFrom("tenant").selectAll().orderBy("created_at").orderBy("id").execute();
  return rows.map(tenantOf);
}

/** False = the name is taken, or a default one already exists. */
export async function insertTenant(tx: Tx, tenant: Tenant, now: number): Promise<boolean> {
  const added = await query(tx)
    .insertInto("tenant")
    .values({
      id: tenant.id,
      uid: tenant.uid,
      name: tenant.name,
      is_default: Number(tenant.isDefault),
      created_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}
