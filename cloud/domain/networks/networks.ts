import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import { formatCidr, overlaps, parseCidr } from "../../base/ip.ts";
import type { CloudNetworkTable, Schema } from "../../store/schema.ts";
import { defaultRegion } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { maxRoutes, requireRoute } from "../limits/instance.ts";
import { requireQuota } from "../quotas/limits.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

type Db = Kysely<Schema>;
export type NetworkRow = Selectable<CloudNetworkTable>;

export const noNetwork = (id: string) => broken("CloudNetwork.NotFound", `There is no cloud network ${id}.`);

export async function ownNetwork(db: Db, tenant: Tenant, id: string): Promise<NetworkRow> {
  const row = await db
    .selectFrom("cloud_network")
    .selectAll()
    .where("tenant_id", "=", tenant.id)
    .where((e) => e.or([e("id", "=", id), e("name", "=", id)]))
    .executeTakeFirst();
  if (!row) throw noNetwork(id);
  return row;
}

/** Canonical prefixes that do not overlap one another. */
function requireCidrs(texts: readonly string[]): string[] {
  const cidrs = texts.map((text) => {
    requireRoute(text);
    const cidr = parseCidr(text);
    if (!cidr) throw broken("InvalidCidrBlock", `${text} is not a prefix such as 10.0.0.0/16.`);
    return cidr;
  });
  if (cidrs.length > maxRoutes) throw broken("InvalidCidrBlock", `A cloud network has at most ${maxRoutes} prefixes.`);
  if (cidrs.some((a, i) => cidrs.some((b, j) => i < j && overlaps(a, b)))) {
    throw broken("InvalidCidrBlock", "The prefixes overlap one another.");
  }
  return cidrs.map(formatCidr);
}

export interface NetworkDescription {
  name: string;
  region: string;
  cidrs: readonly string[];
  /** Ids; none = every access point reaches it. */
  accessPoints: readonly string[];
}

export async function createNetwork(change: Change, tenant: Tenant, wanted: NetworkDescription): Promise<NetworkRow> {
  const { tx, now } = change;
  const own = tx.selectFrom("cloud_network").where("tenant_id", "=", tenant.id);
  await requireQuota(tx, tenant.id, "networks-per-account", own, (limit) =>
    broken("QuotaExceeded.CloudNetwork", `An account has at most ${limit} cloud networks.`),
  );
  const row: NetworkRow = {
    id: newId("vpc"),
    tenant_id: tenant.id,
    name: wanted.name,
    region: wanted.region,
    instance_id: null,
    created_at: now,
  };
  await tx.insertInto("cloud_network").values(row).execute();
  await putCidrs(tx, row.id, requireCidrs(wanted.cidrs));
  await putAccessPoints(tx, tenant, row.id, wanted.accessPoints);
  await change.audit(row.id, null, wanted);
  change.networks();
  return row;
}

export async function modifyNetwork(
  change: Change,
  tenant: Tenant,
  row: NetworkRow,
  wanted: {
    name?: string | undefined;
    cidrs?: readonly string[] | undefined;
    accessPoints?: readonly string[] | undefined;
  },
): Promise<void> {
  const { tx } = change;
  const before = { name: row.name, cidrs: await cidrsOf(tx, row.id), accessPoints: await accessPointsOf(tx, row.id) };
  if (wanted.name !== undefined)
    await tx.updateTable("cloud_network").set({ name: wanted.name }).where("id", "=", row.id).execute();
  if (wanted.cidrs !== undefined) await putCidrs(tx, row.id, requireCidrs(wanted.cidrs));
  if (wanted.accessPoints !== undefined) await putAccessPoints(tx, tenant, row.id, wanted.accessPoints);
  await change.audit(row.id, before, { ...before, ...wanted });
  change.networks();
}

export async function deleteNetwork(change: Change, row: NetworkRow): Promise<void> {
  const { tx } = change;
  await tx.deleteFrom("cen_child").where("child_id", "=", row.id).execute();
  await tx.deleteFrom("cloud_network").where("id", "=", row.id).execute();
  await change.audit(row.id, { name: row.name }, null);
  change.networks();
}

export async function putCidrs(db: Db, networkId: string, cidrs: readonly string[]): Promise<void> {
  await db.deleteFrom("cloud_network_cidr").where("network_id", "=", networkId).execute();
  for (const [position, cidr] of cidrs.entries()) {
    await db.insertInto("cloud_network_cidr").values({ network_id: networkId, cidr, position }).execute();
  }
}

async function putAccessPoints(db: Db, tenant: Tenant, networkId: string, ids: readonly string[]): Promise<void> {
  await db.deleteFrom("cloud_network_access_point").where("network_id", "=", networkId).execute();
  for (const id of new Set(ids)) {
    const known = await db
      .selectFrom("access_point")
      .innerJoin("ccn", "ccn.id", "access_point.ccn_id")
      .select("access_point.id")
      .where("ccn.tenant_id", "=", tenant.id)
      .where((e) => e.or([e("access_point.id", "=", id), e("access_point.name", "=", id)]))
      .executeTakeFirst();
    if (!known) throw broken("AccessPointInvalid", `There is no access point ${id}.`);
    await db
      .insertInto("cloud_network_access_point")
      .values({ network_id: networkId, access_point_id: known.id })
      .execute();
  }
}

export async function cidrsOf(db: Db, networkId: string): Promise<string[]> {
  const rows = db.selectFrom("cloud_network_cidr").select("cidr").where("network_id", "=", networkId);
  return (await rows.orderBy("position").execute()).map((row) => row.cidr);
}

export async function accessPointsOf(db: Db, networkId: string): Promise<string[]> {
  const rows = db
    .selectFrom("cloud_network_access_point")
    .select("access_point_id")
    .where("network_id", "=", networkId);
  return (await rows.orderBy("access_point_id").execute()).map((row) => row.access_point_id);
}

/** The prefixes that sagctl set for an instance. */
export async function routesOf(db: Db, instanceId: string): Promise<string[]> {
  const row = await db
    .selectFrom("cloud_network")
    .select("id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  return row ? cidrsOf(db, row.id) : [];
}

/**
 * The network in which an instance's own routes are kept: made with the first of them, and attached to the CEN that the
 * instance's CCN is attached to.
 */
export async function ownRoutes(db: Db, instanceId: string, now: number): Promise<string> {
  const known = await db
    .selectFrom("cloud_network")
    .select("id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  if (known) return known.id;
  const instance = await db
    .selectFrom("instance")
    .select(["tenant_id", "name", "region", "ccn_id", "bound_ccn_id"])
    .where("id", "=", instanceId)
    .executeTakeFirstOrThrow();
  const row: NetworkRow = {
    id: newId("vpc"),
    tenant_id: instance.tenant_id,
    name: instance.name,
    region: instance.region || defaultRegion,
    instance_id: instanceId,
    created_at: now,
  };
  await db.insertInto("cloud_network").values(row).execute();
  const parent = await db
    .selectFrom("cen_child")
    .select("cen_id")
    .where("child_id", "=", instance.bound_ccn_id ?? instance.ccn_id)
    .executeTakeFirst();
  if (parent) {
    await db
      .insertInto("cen_child")
      .values({ child_id: row.id, cen_id: parent.cen_id, child_type: "VPC", attached_at: now, subnet: "" })
      .execute();
  }
  return row.id;
}
