import type { Db } from "../../store/db.ts";
import {
  type ColumnFilter,
  cenPage,
  childPage,
  findAttached,
  limitsOfPackages,
  packagePage,
  packagesOfCens,
  regionLimitPage,
} from "../../store/queries/listings/networks.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import type { TagFilter } from "../../store/queries/listings/tags.ts";
import { findTenant } from "../../store/queries/tenants.ts";
import type { CenChild } from "../../store/shapes.ts";
import { areaSpanId } from "../areas/regions.ts";
import { cidrsOf } from "../networks/networks.ts";
import { type Tag, tagsOf } from "../tags.ts";
import { type ChildType, findChild, noChild, requireChild } from "./children.ts";

/** A CEN as its owner sees it. */
export interface CenView {
  id: string;
  name: string;
  description: string;
  protectionLevel: string;
  /** Epoch ms. */
  createdAt: number;
  /** Ids of its bandwidth packages. */
  bandwidthPackages: string[];
  tags: Tag[];
}

export async function listCens(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: {
    by: readonly ColumnFilter<"id" | "name">[];
    having?: readonly TagFilter[] | undefined;
    none?: boolean | undefined;
  },
  wish: PageWish,
): Promise<Page<CenView>> {
  const page = await cenPage(db, reader, tenantId, filter, wish);
  const ids = page.rows.map((row) => row.id);
  const tagged = await tagsOf(db, ids);
  const packages = await packagesOfCens(db, ids);
  const rows = page.rows.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    protectionLevel: row.protectionLevel,
    createdAt: row.createdAt,
    bandwidthPackages: packages.filter(({ cenId }) => cenId === row.id).map(({ id }) => id),
    tags: tagged.get(row.id) ?? [],
  }));
  return { ...page, rows };
}

/** A CCN or cloud network attached to a CEN. */
export interface ChildView {
  id: string;
  cenId: string;
  type: ChildType;
  name: string;
  region: string;
  /** Number of the owner's product account. */
  ownerUid: number;
  /** Epoch ms. */
  attachedAt: number;
}

async function viewChild(db: Db, row: CenChild): Promise<ChildView | undefined> {
  const found = await findChild(db, row.childId);
  if (!found) return undefined;
  const ownerUid = (await findTenant(db, found.tenantId))?.uid ?? 0;
  const { type, name, region } = found;
  return { id: row.childId, cenId: row.cenId, type, name, region, ownerUid, attachedAt: row.attachedAt };
}

export async function listChildren(
  db: Db,
  reader: Reader,
  cenId: string,
  filter: { type?: string | undefined; region?: string | undefined },
  wish: PageWish,
): Promise<Page<ChildView>> {
  const page = await childPage(db, reader, cenId, filter, wish);
  const views = await Promise.all(page.rows.map((row) => viewChild(db, row)));
  return { ...page, rows: views.filter((view) => view !== undefined) };
}

/** One attachment; a cloud network with its prefixes. */
export async function showChild(
  db: Db,
  wanted: { cenId: string; id: string; type: ChildType; region?: string | undefined },
): Promise<ChildView & { cidrs: string[] }> {
  const row = await findAttached(db, wanted);
  const view = row && (await viewChild(db, row));
  if (!view) throw noChild(wanted.id);
  requireChild(view, wanted);
  return { ...view, cidrs: view.type === "VPC" ? await cidrsOf(db, view.id) : [] };
}

/** Bandwidth of a package between two regions. */
export interface RegionLimitView {
  cenId: string;
  packageId: string;
  localRegion: string;
  oppositeRegion: string;
  /** Mbit/s. */
  bandwidth: number;
  spanId: string;
}

export interface PackageView {
  id: string;
  name: string;
  description: string;
  /** Mbit/s. */
  bandwidth: number;
  chargeType: string;
  /** The CEN that uses it; null = none. */
  cenId: string | null;
  areaA: string;
  areaB: string;
  spanId: string;
  /** Epoch ms. */
  createdAt: number;
  limits: Pick<RegionLimitView, "localRegion" | "oppositeRegion" | "bandwidth">[];
  tags: Tag[];
}

export async function listPackages(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: {
    by: readonly ColumnFilter<"id" | "cenId" | "name">[];
    any: boolean;
    having?: readonly TagFilter[] | undefined;
    none?: boolean | undefined;
  },
  wish: PageWish,
): Promise<Page<PackageView>> {
  const page = await packagePage(db, reader, tenantId, filter, wish);
  const ids = page.rows.map((row) => row.id);
  const tagged = await tagsOf(db, ids);
  const limits = await limitsOfPackages(db, ids);
  const rows = page.rows.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    bandwidth: row.bandwidth,
    chargeType: row.chargeType,
    cenId: row.cenId,
    areaA: row.areaA,
    areaB: row.areaB,
    spanId: areaSpanId(row.areaA, row.areaB),
    createdAt: row.createdAt,
    limits: limits
      .filter(({ packageId }) => packageId === row.id)
      .map(({ localRegion, oppositeRegion, bandwidth }) => ({ localRegion, oppositeRegion, bandwidth })),
    tags: tagged.get(row.id) ?? [],
  }));
  return { ...page, rows };
}

export async function listRegionLimits(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; cenId?: string | undefined; region?: string | undefined },
  wish: PageWish,
): Promise<Page<RegionLimitView>> {
  const page = await regionLimitPage(db, reader, filter, wish);
  const rows = page.rows.map((row) => ({
    cenId: row.cenId,
    packageId: row.packageId,
    localRegion: row.localRegion,
    oppositeRegion: row.oppositeRegion,
    bandwidth: row.bandwidth,
    spanId: areaSpanId(row.areaA, row.areaB),
  }));
  return { ...page, rows };
}
