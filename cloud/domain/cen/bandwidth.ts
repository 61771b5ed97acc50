import { newId } from "../../base/ids.ts";
import type { Db } from "../../store/db.ts";
import { lockCen, lockPackage } from "../../store/locks.ts";
import * as cens from "../../store/queries/cens.ts";
import type { BandwidthPackage } from "../../store/shapes.ts";
import { type CenArea, cenAreaOf } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

export async function ownPackage(db: Db, tenant: Tenant, id: string): Promise<BandwidthPackage> {
  const row = await cens.findPackage(db, id);
  if (row?.tenantId !== tenant.id) throw violation("no-package", { package: id });
  return row;
}

export async function createPackage(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; description: string; bandwidth: number; areaA: string; areaB: string; chargeType: string },
): Promise<BandwidthPackage> {
  const row: BandwidthPackage = {
    id: newId("cenbwp"),
    tenantId: tenant.id,
    name: wanted.name,
    description: wanted.description,
    bandwidth: wanted.bandwidth,
    areaA: wanted.areaA,
    areaB: wanted.areaB,
    chargeType: wanted.chargeType,
    cenId: null,
    createdAt: change.now,
  };
  await cens.insertPackage(change.tx, row);
  await change.audit(row.id, null, wanted);
  return row;
}

export async function deletePackage(change: Change, row: BandwidthPackage): Promise<void> {
  if (!(await cens.deletePackage(change.tx, row.id)))
    throw violation("package-in-use", { package: row.id, cen: row.cenId ?? "" });
  await change.audit(row.id, { bandwidth: row.bandwidth }, null);
}

const joins = (row: { areaA: string; areaB: string }, a: string, b: string) =>
  (row.areaA === a && row.areaB === b) || (row.areaA === b && row.areaB === a);

/** Associates a package with a CEN; each pair of areas can have one package per CEN. */
export async function associatePackage(change: Change, row: BandwidthPackage, cenId: string): Promise<void> {
  const { tx } = change;
  await lockCen(tx, cenId);
  const others = await cens.packagesOf(tx, cenId);
  if (row.cenId === null && others.some((other) => joins(other, row.areaA, row.areaB))) {
    throw violation("span-has-package");
  }
  if (!(await cens.associatePackage(tx, row.id, cenId))) {
    throw violation("package-associated", { package: row.id, cen: row.cenId ?? "" });
  }
  await change.audit(row.id, { cen: null }, { cen: cenId });
  change.networks();
}

export async function unassociatePackage(change: Change, row: BandwidthPackage, cenId: string): Promise<void> {
  const { tx } = change;
  if (row.cenId !== cenId) throw violation("package-not-associated", { package: row.id, cen: cenId });
  await lockPackage(tx, row.id);
  const [limit] = await cens.limitsOfPackage(tx, row.id);
  if (limit) {
    const regions = { a: limit.localRegion, b: limit.oppositeRegion };
    throw violation("package-has-limits", { package: row.id, cen: cenId, ...regions });
  }
  await cens.unassociatePackage(tx, row.id);
  await change.audit(row.id, { cen: cenId }, { cen: null });
  change.networks();
}

/** Removes the prefix "ccn-", which the region of a CCN has in this API. */
export const plainRegion = (region: string) => region.replace(/^ccn-/, "");

/** Sets the bandwidth between two regions, Mbit/s, within the package of their areas, which can be the same; 0 removes the limit. */
export async function setRegionLimit(
  change: Change,
  wanted: { cenId: string; localRegion: string; oppositeRegion: string; bandwidth: number },
): Promise<void> {
  const { tx } = change;
  if (wanted.localRegion === wanted.oppositeRegion) throw violation("same-region", { region: wanted.localRegion });
  const [local, opposite] = [wanted.localRegion, wanted.oppositeRegion].sort() as [string, string];
  const areas = [cenAreaOf(plainRegion(local)), cenAreaOf(plainRegion(opposite))];
  const [a, b] = areas;
  if (!a || !b) throw violation("unknown-region");
  const packages = await cens.packagesOf(tx, wanted.cenId);
  const carrier = packages.find((row) => joins(row, a, b));
  if (!carrier) throw violation("no-package-for-span", { a, b });
  await lockPackage(tx, carrier.id);
  const limits = await cens.limitsOfPackage(tx, carrier.id);
  const others = limits.filter((row) => row.localRegion !== local || row.oppositeRegion !== opposite);
  const former = limits.find((row) => !others.includes(row));
  const sum = others.reduce((total, row) => total + row.bandwidth, wanted.bandwidth);
  if (sum > carrier.bandwidth) {
    throw violation("package-exhausted", { sum, bandwidth: carrier.bandwidth });
  }
  const row = { cenId: wanted.cenId, localRegion: local, oppositeRegion: opposite };
  await cens.putRegionLimit(tx, { ...row, bandwidth: wanted.bandwidth, packageId: carrier.id });
  await change.audit(
    wanted.cenId,
    { ...row, bandwidth: former?.bandwidth ?? 0 },
    { ...row, bandwidth: wanted.bandwidth },
  );
  change.networks();
}

/** Pairs of areas that a bandwidth package with a limit above zero joins in this CEN. */
export async function joinedAreas(db: Db, cenId: string): Promise<(readonly [CenArea, CenArea])[]> {
  const rows = await cens.joinedAreasOf(db, cenId);
  return rows.map((row) => [row.areaA as CenArea, row.areaB as CenArea] as const);
}
