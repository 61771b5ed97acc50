import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import type { CenBandwidthPackageTable, Schema } from "../../store/schema.ts";
import { type CenArea, cenAreaOf } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

type Db = Kysely<Schema>;
export type PackageRow = Selectable<CenBandwidthPackageTable>;

export async function ownPackage(db: Db, tenant: Tenant, id: string): Promise<PackageRow> {
  const row = await db
    .selectFrom("cen_bandwidth_package")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row) throw broken("ParameterIllegal.BwpInstanceId", `The specified bandwidth package ${id} does not exist.`);
  return row;
}

export async function createPackage(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; description: string; bandwidth: number; areaA: string; areaB: string; chargeType: string },
): Promise<PackageRow> {
  const row: PackageRow = {
    id: newId("cenbwp"),
    tenant_id: tenant.id,
    name: wanted.name,
    description: wanted.description,
    bandwidth: wanted.bandwidth,
    area_a: wanted.areaA,
    area_b: wanted.areaB,
    charge_type: wanted.chargeType,
    cen_id: null,
    created_at: change.now,
  };
  await change.tx.insertInto("cen_bandwidth_package").values(row).execute();
  await change.audit(row.id, null, wanted);
  return row;
}

export async function deletePackage(change: Change, row: PackageRow): Promise<void> {
  if (row.cen_id !== null)
    throw broken("Forbidden.Release", `${row.id} is associated with ${row.cen_id}; unassociate it first.`);
  await change.tx.deleteFrom("cen_bandwidth_package").where("id", "=", row.id).execute();
  await change.audit(row.id, { bandwidth: row.bandwidth }, null);
}

const joins = (row: { area_a: string; area_b: string }, a: string, b: string) =>
  (row.area_a === a && row.area_b === b) || (row.area_a === b && row.area_b === a);

/** One package per CEN and pair of areas. */
export async function associatePackage(change: Change, row: PackageRow, cenId: string): Promise<void> {
  const { tx } = change;
  if (row.cen_id !== null)
    throw broken("InvalidOperation.CenBandwidthPackageStatus", `${row.id} is associated with ${row.cen_id} already.`);
  const others = await tx.selectFrom("cen_bandwidth_package").selectAll().where("cen_id", "=", cenId).execute();
  if (others.some((other) => joins(other, row.area_a, row.area_b))) {
    throw broken(
      "InvalidOperation.BwpForGeoSpanAlreadyAssociated",
      "A package for the same pair of areas is associated already.",
    );
  }
  await tx.updateTable("cen_bandwidth_package").set({ cen_id: cenId }).where("id", "=", row.id).execute();
  await change.audit(row.id, { cen: null }, { cen: cenId });
  change.networks();
}

export async function unassociatePackage(change: Change, row: PackageRow, cenId: string): Promise<void> {
  const { tx } = change;
  if (row.cen_id !== cenId)
    throw broken("ParameterIllegal.BwpInstanceId", `${row.id} is not associated with ${cenId}.`);
  await tx.updateTable("cen_bandwidth_package").set({ cen_id: null }).where("id", "=", row.id).execute();
  await tx.deleteFrom("cen_region_limit").where("package_id", "=", row.id).execute();
  await change.audit(row.id, { cen: cenId }, { cen: null });
  change.networks();
}

/** A CCN's region carries "ccn-" in front in this API. */
export const plainRegion = (region: string) => region.replace(/^ccn-/, "");

/** Mbit/s between two regions of different areas, out of the package that joins these; 0 takes the limit away. */
export async function setRegionLimit(
  change: Change,
  wanted: { cenId: string; localRegion: string; oppositeRegion: string; bandwidth: number },
): Promise<void> {
  const { tx } = change;
  const [local, opposite] = [wanted.localRegion, wanted.oppositeRegion].sort() as [string, string];
  const areas = [cenAreaOf(plainRegion(local)), cenAreaOf(plainRegion(opposite))];
  const [a, b] = areas;
  if (!a || !b) throw broken("ParameterIllegal.RegionId", "One of the regions is not known.");
  const packages = await tx
    .selectFrom("cen_bandwidth_package")
    .selectAll()
    .where("cen_id", "=", wanted.cenId)
    .execute();
  const carrier = packages.find((row) => joins(row, a, b));
  if (!carrier)
    throw broken("InvalidOperation.NoBandwidthPackage", `No bandwidth package joins ${a} and ${b} in this CEN.`);
  const limits = await tx.selectFrom("cen_region_limit").selectAll().where("package_id", "=", carrier.id).execute();
  const others = limits.filter((row) => row.local_region !== local || row.opposite_region !== opposite);
  const former = limits.find((row) => !others.includes(row));
  const sum = others.reduce((total, row) => total + row.bandwidth, wanted.bandwidth);
  if (sum > carrier.bandwidth) {
    throw broken(
      "ParameterIllegal.BandwidthLimit",
      `The limits would add up to ${sum} Mbit/s, more than the package's ${carrier.bandwidth}.`,
    );
  }
  const row = { cen_id: wanted.cenId, local_region: local, opposite_region: opposite };
  await tx
    .deleteFrom("cen_region_limit")
    .where("cen_id", "=", row.cen_id)
    .where("local_region", "=", local)
    .where("opposite_region", "=", opposite)
    .execute();
  if (wanted.bandwidth > 0) {
    await tx
      .insertInto("cen_region_limit")
      .values({ ...row, bandwidth: wanted.bandwidth, package_id: carrier.id })
      .execute();
  }
  await change.audit(
    wanted.cenId,
    { ...row, bandwidth: former?.bandwidth ?? 0 },
    { ...row, bandwidth: wanted.bandwidth },
  );
  change.networks();
}

/** Pairs of areas between which something flows in this CEN. */
export async function joinedAreas(db: Db, cenId: string): Promise<(readonly [CenArea, CenArea])[]> {
  const rows = await db
    .selectFrom("cen_region_limit")
    .innerJoin("cen_bandwidth_package", "cen_bandwidth_package.id", "cen_region_limit.package_id")
    .select(["area_a", "area_b"])
    .where("cen_region_limit.cen_id", "=", cenId)
    .where("cen_region_limit.bandwidth", ">", 0)
    .execute();
  return rows.map((row) => [row.area_a as CenArea, row.area_b as CenArea] as const);
}
