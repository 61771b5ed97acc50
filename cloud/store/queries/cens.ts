import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export async function findCen(db: Db, id: string): Promise<shapes.Cen | undefined> {
  return query(db).selectFrom("cen").select(shapes.cen.columns).where("id", "=", id).executeTakeFirst();
}

export async function insertCen(tx: Tx, row: shapes.Cen): Promise<void> {
  await query(tx).insertInto("cen").values(shapes.cen.row(row)).execute();
}

export async function updateCen(
  tx: Tx,
  id: string,
  values: Pick<shapes.Cen, "name" | "description" | "protectionLevel">,
): Promise<void> {
  await query(tx).updateTable("cen").set(shapes.cen.row(values)).where("id", "=", id).execute();
}

/** Deletes a CEN with its tags. Foreign keys of children and packages prevent deleting one that is in use. */
export async function deleteCen(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("tag").where("object_id", "=", id).execute();
  await query(tx).deleteFrom("cen").where("id", "=", id).execute();
}

export async function findPackage(db: Db, id: string): Promise<shapes.BandwidthPackage | undefined> {
  return query(db)
    .selectFrom("cen_bandwidth_package")
    .select(shapes.bandwidthPackage.columns)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Packages associated with a CEN. */
export async function packagesOf(db: Db, cenId: string): Promise<shapes.BandwidthPackage[]> {
  return query(db)
    .selectFrom("cen_bandwidth_package")
    .select(shapes.bandwidthPackage.columns)
    .where("cen_id", "=", cenId)
    .execute();
}

export async function insertPackage(tx: Tx, row: shapes.BandwidthPackage): Promise<void> {
  await query(tx).insertInto("cen_bandwidth_package").values(shapes.bandwidthPackage.row(row)).execute();
}

/** Deletes a package with its tags; false = it is associated with a CEN. */
export async function deletePackage(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("cen_bandwidth_package")
    .where("id", "=", id)
    .where("cen_id", "is", null)
    .executeTakeFirst();
  await query(tx).deleteFrom("tag").where("object_id", "=", id).execute();
  return numDeletedRows === 1n;
}

/** False = it is already associated with a CEN. */
export async function associatePackage(tx: Tx, id: string, cenId: string): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("cen_bandwidth_package")
    .set({ cen_id: cenId })
    .where("id", "=", id)
    .where("cen_id", "is", null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function unassociatePackage(tx: Tx, id: string): Promise<void> {
  await query(tx).updateTable("cen_bandwidth_package").set({ cen_id: null }).where("id", "=", id).execute();
}

/** Region limits that use a package's bandwidth. */
export async function limitsOfPackage(db: Db, packageId: string): Promise<shapes.RegionLimit[]> {
  return query(db)
    .selectFrom("cen_region_limit")
    .select(shapes.regionLimit.columns)
    .where("package_id", "=", packageId)
    .execute();
}

/** Replaces the limit between two regions; 0 deletes it. */
export async function putRegionLimit(tx: Tx, row: shapes.RegionLimit): Promise<void> {
  await query(tx)
    .deleteFrom("cen_region_limit")
    .where("cen_id", "=", row.cenId)
    .where("local_region", "=", row.localRegion)
    .where("opposite_region", "=", row.oppositeRegion)
    .execute();
  if (row.bandwidth > 0) await query(tx).insertInto("cen_region_limit").values(shapes.regionLimit.row(row)).execute();
}

/** Pairs of areas that a package with a limit above zero joins in this CEN. */
export async function joinedAreasOf(db: Db, cenId: string): Promise<{ areaA: string; areaB: string }[]> {
  return query(db)
    .selectFrom("cen_region_limit")
    .innerJoin("cen_bandwidth_package", "cen_bandwidth_package.id", "cen_region_limit.package_id")
    .select(["area_a as areaA", "area_b as areaB"])
    .where("cen_region_limit.cen_id", "=", cenId)
    .where("cen_region_limit.bandwidth", ">", 0)
    .execute();
}
