import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** A CCN or cloud network. */
export interface Attachable {
  id: string;
  name: string;
  region: string;
  tenantId: string;
}

/** A CCN or cloud network of any owner. */
export async function findAttachable(db: Db, type: "CCN" | "VPC", id: string): Promise<Attachable | undefined> {
  return query(db)
    .selectFrom(type === "CCN" ? "ccn" : "cloud_network")
    .select(["id", "name", "region", "tenant_id as tenantId"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** False = the child is already attached to a CEN. */
export async function attach(tx: Tx, row: shapes.CenChild): Promise<boolean> {
  const added = await query(tx)
    .insertInto("cen_child")
    .values(shapes.cenChild.row(row))
    .onConflict((conflict) => conflict.column("child_id").doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** False = it was not attached to this CEN. */
export async function detach(tx: Tx, cenId: string, childId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("cen_child")
    .where("child_id", "=", childId)
    .where("cen_id", "=", cenId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** The CEN that a child is attached to. */
export async function cenOfChild(
  db: Db,
  childId: string,
): Promise<{ id: string; name: string; tenantId: string } | undefined> {
  return query(db)
    .selectFrom("cen_child")
    .innerJoin("cen", "cen.id", "cen_child.cen_id")
    .select(["cen.id", "cen.name", "cen.tenant_id as tenantId"])
    .where("cen_child.child_id", "=", childId)
    .executeTakeFirst();
}

/** Id of any child of the CEN. */
export async function someChild(db: Db, cenId: string): Promise<string | undefined> {
  const row = await query(db).selectFrom("cen_child").select("child_id").where("cen_id", "=", cenId).executeTakeFirst();
  return row?.child_id;
}

/** Prefixes of the cloud networks attached to a CEN, in no particular order. */
export async function attachedPrefixes(
  db: Db,
  cenId: string,
): Promise<{ networkId: string; region: string; createdAt: number; cidr: string }[]> {
  return query(db)
    .selectFrom("cen_child")
    .innerJoin("cloud_network", "cloud_network.id", "cen_child.child_id")
    .innerJoin("cloud_network_cidr", "cloud_network_cidr.network_id", "cloud_network.id")
    .select([
      "cloud_network.id as networkId",
      "cloud_network.region",
      "cloud_network.created_at as createdAt",
      "cloud_network_cidr.cidr",
    ])
    .where("cen_child.cen_id", "=", cenId)
    .execute();
}
