import { sql } from "kysely";
import type { Db } from "../../db.ts";
import { query } from "../../kysely.ts";
import * as shapes from "../../shapes.ts";
import { byPriority, containing, type Page, type PageWish, pageInOrder, pageOf, type Reader } from "./pages.ts";
import { havingTags, type TagFilter } from "./tags.ts";

/** CCNs with the CEN that each is attached to. */
export function ccnPage(
  db: Db,
  reader: Reader,
  filter: {
    tenantId: string;
    region?: string | undefined;
    id?: string | undefined;
    namePart?: string | undefined;
    having?: readonly TagFilter[] | undefined;
  },
  wish: PageWish,
): Promise<Page<shapes.Ccn & { cenId: string | null; cenUid: number | null; subnet: string | null }>> {
  let rows = query(db)
    .selectFrom("ccn")
    .leftJoin("cen_child", "cen_child.child_id", "ccn.id")
    .leftJoin("cen", "cen.id", "cen_child.cen_id")
    .leftJoin("tenant", "tenant.id", "cen.tenant_id")
    .select(shapes.ccn.columns)
    .select(["cen.id as cenId", "tenant.uid as cenUid", "cen_child.subnet"])
    .where("ccn.tenant_id", "=", filter.tenantId);
  if (filter.region) rows = rows.where("ccn.region", "=", filter.region);
  if (filter.id) rows = rows.where("ccn.id", "=", filter.id);
  if (filter.namePart) rows = rows.where(containing("ccn.name", filter.namePart));
  for (const having of havingTags(db, filter.having)) rows = rows.where("ccn.id", "in", having);
  return pageOf(reader, rows, "ccn", wish);
}

/** Instances bound to any of these CCNs. */
export async function boundTo(
  db: Db,
  ccnIds: readonly string[],
): Promise<{ boundCcnId: string | null; locked: number }[]> {
  if (ccnIds.length === 0) return [];
  return query(db)
    .selectFrom("instance")
    .select(["bound_ccn_id as boundCcnId", "locked"])
    .where("bound_ccn_id", "in", ccnIds)
    .execute();
}

/** A column and its accepted values. */
export interface ColumnFilter<C extends string> {
  column: C;
  values: readonly string[];
}

export function cenPage(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: {
    by: readonly ColumnFilter<"id" | "name">[];
    having?: readonly TagFilter[] | undefined;
    /** Matches nothing. */
    none?: boolean | undefined;
  },
  wish: PageWish,
): Promise<Page<shapes.Cen>> {
  let rows = query(db).selectFrom("cen").select(shapes.cen.columns).where("tenant_id", "=", tenantId);
  for (const having of havingTags(db, filter.having)) rows = rows.where("id", "in", having);
  for (const { column, values } of filter.by) rows = rows.where(column, "in", values);
  if (filter.none) rows = rows.where(sql<boolean>`false`);
  return pageOf(reader, rows, "cen", wish);
}

/** Packages associated with any of these CENs. */
export async function packagesOfCens(
  db: Db,
  cenIds: readonly string[],
): Promise<{ id: string; cenId: string | null }[]> {
  if (cenIds.length === 0) return [];
  return query(db)
    .selectFrom("cen_bandwidth_package")
    .select(["id", "cen_id as cenId"])
    .where("cen_id", "in", cenIds)
    .execute();
}

export function packagePage(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: {
    by: readonly ColumnFilter<"id" | "cenId" | "name">[];
    /** Combine the filters with OR instead of AND. */
    any: boolean;
    having?: readonly TagFilter[] | undefined;
    /** Matches nothing. */
    none?: boolean | undefined;
  },
  wish: PageWish,
): Promise<Page<shapes.BandwidthPackage>> {
  let rows = query(db)
    .selectFrom("cen_bandwidth_package")
    .select(shapes.bandwidthPackage.columns)
    .where("tenant_id", "=", tenantId);
  if (filter.by.length > 0) {
    rows = rows.where((e) => {
      const each = filter.by.map(({ column, values }) => e(shapes.bandwidthPackage.names[column], "in", values));
      return filter.any ? e.or(each) : e.and(each);
    });
  }
  for (const having of havingTags(db, filter.having)) rows = rows.where("id", "in", having);
  if (filter.none) rows = rows.where(sql<boolean>`false`);
  return pageOf(reader, rows, "cen_bandwidth_package", wish);
}

export async function limitsOfPackages(db: Db, packageIds: readonly string[]): Promise<shapes.RegionLimit[]> {
  if (packageIds.length === 0) return [];
  return query(db)
    .selectFrom("cen_region_limit")
    .select(shapes.regionLimit.columns)
    .where("package_id", "in", packageIds)
    .execute();
}

export function regionLimitPage(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; cenId?: string | undefined; region?: string | undefined },
  wish: PageWish,
): Promise<Page<shapes.RegionLimit & { areaA: string; areaB: string }>> {
  let rows = query(db)
    .selectFrom("cen_region_limit")
    .innerJoin("cen", "cen.id", "cen_region_limit.cen_id")
    .innerJoin("cen_bandwidth_package", "cen_bandwidth_package.id", "cen_region_limit.package_id")
    .select(shapes.regionLimit.columns)
    .select(["area_a as areaA", "area_b as areaB"])
    .where("cen.tenant_id", "=", filter.tenantId);
  if (filter.cenId) rows = rows.where("cen.id", "=", filter.cenId);
  const { region } = filter;
  if (region) rows = rows.where((e) => e.or([e("local_region", "=", region), e("opposite_region", "=", region)]));
  const order = [
    { column: "cen_region_limit.cen_id", of: "cenId" },
    { column: "local_region", of: "localRegion" },
    { column: "opposite_region", of: "oppositeRegion" },
  ] as const;
  return pageInOrder(reader, rows, order, wish);
}

/** Children of a CEN, in the order in which they were attached. */
export function childPage(
  db: Db,
  reader: Reader,
  cenId: string,
  filter: { type?: string | undefined; region?: string | undefined },
  wish: PageWish,
): Promise<Page<shapes.CenChild>> {
  let rows = query(db).selectFrom("cen_child").select(shapes.cenChild.columns).where("cen_id", "=", cenId);
  if (filter.type) rows = rows.where("child_type", "=", filter.type);
  const { region } = filter;
  if (region) {
    const ccns = query(db).selectFrom("ccn").select("id").where("region", "=", region);
    const networks = query(db).selectFrom("cloud_network").select("id").where("region", "=", region);
    rows = rows.where((e) => e.or([e("child_id", "in", ccns), e("child_id", "in", networks)]));
  }
  const order = [
    { column: "attached_at", of: "attachedAt" },
    { column: "child_id", of: "childId" },
  ] as const;
  return pageInOrder(reader, rows, order, wish);
}

export function findAttached(db: Db, child: { cenId: string; id: string }): Promise<shapes.CenChild | undefined> {
  return query(db)
    .selectFrom("cen_child")
    .select(shapes.cenChild.columns)
    .where("cen_id", "=", child.cenId)
    .where("child_id", "=", child.id)
    .executeTakeFirst();
}

/** Grants of an account's CCNs to CENs of other accounts. */
export function ccnGrantPage(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; region?: string | undefined; ccnId?: string | undefined },
  wish: PageWish,
): Promise<Page<shapes.CcnGrant & { region: string; uid: number | null }>> {
  let rows = query(db)
    .selectFrom("grant_cbn")
    .innerJoin("ccn", "ccn.id", "grant_cbn.ccn_id")
    .innerJoin("tenant", "tenant.id", "grant_cbn.cen_tenant_id")
    .select(shapes.ccnGrant.columns)
    .select(["ccn.region", "tenant.uid"])
    .where("ccn.tenant_id", "=", filter.tenantId);
  if (filter.region) rows = rows.where("ccn.region", "=", filter.region);
  if (filter.ccnId) rows = rows.where("grant_cbn.ccn_id", "=", filter.ccnId);
  return pageOf(reader, rows, "grant_cbn", wish);
}

/** Grants of an instance to CCNs of other accounts. */
export function instanceGrantPage(
  db: Db,
  reader: Reader,
  instanceId: string,
  wish: PageWish,
): Promise<Page<shapes.InstanceGrant & { uid: number | null }>> {
  const rows = query(db)
    .selectFrom("grant_sag")
    .innerJoin("tenant", "tenant.id", "grant_sag.ccn_tenant_id")
    .select(shapes.instanceGrant.columns)
    .select("tenant.uid")
    .where("grant_sag.instance_id", "=", instanceId);
  return pageOf(reader, rows, "grant_sag", wish);
}

export function aclPage(
  db: Db,
  reader: Reader,
  filter: {
    tenantId: string;
    region?: string | undefined;
    ids?: readonly string[] | undefined;
    type?: string | undefined;
    namePart?: string | undefined;
  },
  wish: PageWish,
): Promise<Page<shapes.Acl>> {
  let rows = query(db).selectFrom("acl").select(shapes.acl.columns).where("tenant_id", "=", filter.tenantId);
  if (filter.region) rows = rows.where("region", "=", filter.region);
  if (filter.ids) rows = rows.where("id", "in", filter.ids);
  if (filter.type) rows = rows.where("type", "=", filter.type);
  if (filter.namePart) rows = rows.where(containing("name", filter.namePart));
  return pageOf(reader, rows, "acl", wish);
}

/** The uses of these ACLs: an entry for each instance and each account. */
export async function usesOfAcls(
  db: Db,
  aclIds: readonly string[],
): Promise<{ aclId: string | null; by: "instance" | "account" }[]> {
  if (aclIds.length === 0) return [];
  const instances = query(db).selectFrom("acl_instance").select("acl_id as aclId").where("acl_id", "in", aclIds);
  const accounts = query(db).selectFrom("account").select("acl_id as aclId").where("acl_id", "in", aclIds);
  return [
    ...(await instances.execute()).map((row) => ({ ...row, by: "instance" as const })),
    ...(await accounts.execute()).map((row) => ({ ...row, by: "account" as const })),
  ];
}

/** Rules of an ACL by priority. */
export function aclRulePage(
  db: Db,
  reader: Reader,
  aclId: string,
  filter: { direction?: string | undefined; name?: string | undefined; order: "asc" | "desc" },
  wish: PageWish,
): Promise<Page<shapes.AclRule>> {
  let rows = query(db).selectFrom("acl_rule").select(shapes.aclRule.columns).where("acl_id", "=", aclId);
  if (filter.direction) rows = rows.where("direction", "=", filter.direction);
  if (filter.name) rows = rows.where("name", "=", filter.name);
  return pageInOrder(reader, rows, byPriority(filter.order), wish);
}

/** Cloud networks with the CEN that each is attached to. */
export function networkPage(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; region?: string | undefined },
  wish: PageWish,
): Promise<Page<shapes.CloudNetwork & { cenId: string | null }>> {
  let rows = query(db)
    .selectFrom("cloud_network")
    .leftJoin("cen_child", "cen_child.child_id", "cloud_network.id")
    .select(shapes.cloudNetwork.columns)
    .select("cen_child.cen_id as cenId")
    .where("cloud_network.tenant_id", "=", filter.tenantId);
  if (filter.region) rows = rows.where("cloud_network.region", "=", filter.region);
  return pageOf(reader, rows, "cloud_network", wish);
}
