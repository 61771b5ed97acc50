import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** A CCN or CEN owned by the product account with this number. */
export async function ownedByUid(
  db: Db,
  table: "ccn" | "cen",
  id: string,
  uid: number,
): Promise<{ id: string; tenantId: string } | undefined> {
  // The cast to one table's type is safe: both have these columns.
  const row = await query(db)
    .selectFrom((table === "ccn" ? "ccn as owned" : "cen as owned") as "ccn as owned")
    .innerJoin("tenant", "tenant.id", "owned.tenant_id")
    .select(["owned.id as id", "tenant.id as tenantId"])
    .where("owned.id", "=", id)
    .where("tenant.uid", "=", uid)
    .executeTakeFirst();
  return row;
}

/**
 * Grants an instance to a CCN unless it is already granted to one; returns the effective grant. An instance can be granted to only one
 * CCN.
 */
export async function grantInstance(
  tx: Tx,
  row: shapes.InstanceGrant,
): Promise<{ grant: shapes.InstanceGrant; added: boolean }> {
  const added = await query(tx)
    .insertInto("grant_sag")
    .values(shapes.instanceGrant.row(row))
    .onConflict((conflict) => conflict.column("instance_id").doNothing())
    .executeTakeFirst();
  const grant = await query(tx)
    .selectFrom("grant_sag")
    .select(shapes.instanceGrant.columns)
    .where("instance_id", "=", row.instanceId)
    .executeTakeFirstOrThrow();
  return { grant, added: added.numInsertedOrUpdatedRows === 1n };
}

export async function isInstanceGranted(db: Db, instanceId: string, ccnId: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("grant_sag")
    .select("id")
    .where("instance_id", "=", instanceId)
    .where("ccn_id", "=", ccnId)
    .executeTakeFirst();
  return row !== undefined;
}

/** False = no such grant. */
export async function revokeInstance(tx: Tx, instanceId: string, ccnId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("grant_sag")
    .where("instance_id", "=", instanceId)
    .where("ccn_id", "=", ccnId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Grants a CCN to a CEN; repeating it updates the grant. */
export async function grantCcn(tx: Tx, row: shapes.CcnGrant): Promise<void> {
  await query(tx)
    .insertInto("grant_cbn")
    .values(shapes.ccnGrant.row(row))
    .onConflict((conflict) =>
      conflict
        .columns(["ccn_id", "cen_id"])
        .doUpdateSet({ traffic_service: row.trafficService, modified_at: row.modifiedAt }),
    )
    .execute();
}

export async function isCcnGranted(db: Db, ccnId: string, cenId: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("grant_cbn")
    .select("id")
    .where("ccn_id", "=", ccnId)
    .where("cen_id", "=", cenId)
    .executeTakeFirst();
  return row !== undefined;
}

/** False = no such grant. */
export async function revokeCcn(tx: Tx, ccnId: string, cenId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("grant_cbn")
    .where("ccn_id", "=", ccnId)
    .where("cen_id", "=", cenId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
