import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** A cloud network of the product account, by id or name. */
export async function findNetwork(
  db: Db,
  tenantId: string,
  idOrName: string,
): Promise<shapes.CloudNetwork | undefined> {
  return query(db)
    .selectFrom("cloud_network")
    .select(shapes.cloudNetwork.columns)
    .where("tenant_id", "=", tenantId)
    .where((e) => e.or([e("id", "=", idOrName), e("name", "=", idOrName)]))
    .executeTakeFirst();
}

/** The cloud network with an instance's own routes. */
export async function networkOfInstance(db: Db, instanceId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("cloud_network")
    .select("id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  return row?.id;
}

/** False = the instance already has one; each has at most one. */
export async function insertNetwork(tx: Tx, row: shapes.CloudNetwork): Promise<boolean> {
  const added = await query(tx)
    .insertInto("cloud_network")
    .values(shapes.cloudNetwork.row(row))
    .onConflict((conflict) => conflict.column("instance_id").doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

export async function renameNetwork(tx: Tx, id: string, name: string): Promise<void> {
  await query(tx).updateTable("cloud_network").set({ name }).where("id", "=", id).execute();
}

/** Deletes a cloud network and its attachment. */
export async function deleteNetwork(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("cen_child").where("child_id", "=", id).execute();
  await query(tx).deleteFrom("cloud_network").where("id", "=", id).execute();
}

/** In the order in which they were set. */
export async function prefixesOf(db: Db, networkId: string): Promise<string[]> {
  const rows = query(db).selectFrom("cloud_network_cidr").select("cidr").where("network_id", "=", networkId);
  return (await rows.orderBy("position").execute()).map((row) => row.cidr);
}

/** Replaces a network's prefixes. */
export async function putPrefixes(tx: Tx, networkId: string, prefixes: readonly string[]): Promise<void> {
  await query(tx).deleteFrom("cloud_network_cidr").where("network_id", "=", networkId).execute();
  for (const [position, cidr] of prefixes.entries()) {
    await query(tx).insertInto("cloud_network_cidr").values({ network_id: networkId, cidr, position }).execute();
  }
}

/** Ids of the access points that reach it; none = all. */
export async function accessPointsOfNetwork(db: Db, networkId: string): Promise<string[]> {
  const rows = query(db)
    .selectFrom("cloud_network_access_point")
    .select("access_point_id")
    .where("network_id", "=", networkId);
  return (await rows.orderBy("access_point_id").execute()).map((row) => row.access_point_id);
}

/** Replaces the access points that reach it. */
export async function putAccessPointsOfNetwork(tx: Tx, networkId: string, ids: readonly string[]): Promise<void> {
  await query(tx).deleteFrom("cloud_network_access_point").where("network_id", "=", networkId).execute();
  for (const id of new Set(ids)) {
    await query(tx)
      .insertInto("cloud_network_access_point")
      .values({ network_id: networkId, access_point_id: id })
      .execute();
  }
}

/** The columns of an instance that its own routes need. */
export async function ownerOfRoutes(
  db: Db,
  instanceId: string,
): Promise<{ tenantId: string; name: string; region: string; ccnId: string; boundCcnId: string | null }> {
  return query(db)
    .selectFrom("instance")
    .select(["tenant_id as tenantId", "name", "region", "ccn_id as ccnId", "bound_ccn_id as boundCcnId"])
    .where("id", "=", instanceId)
    .executeTakeFirstOrThrow();
}
