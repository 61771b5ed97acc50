import { newId } from "../../base/ids.ts";
import { formatCidr, overlaps, parseCidr } from "../../base/ip.ts";
import type { Db, Tx } from "../../store/db.ts";
import { lockInstance } from "../../store/locks.ts";
import { findAccessPointOf } from "../../store/queries/access-points.ts";
import { attach, cenOfChild } from "../../store/queries/cen-children.ts";
import * as networks from "../../store/queries/networks.ts";
import { defaultRegion } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { requireRoute, requireShare } from "../limits/inside.ts";
import { maxRoutes } from "../limits/instance.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

/** A cloud network, without its prefixes and access points. */
export interface CloudNetwork {
  id: string;
  name: string;
  region: string;
}

export const noNetwork = (id: string) => violation("no-network", { network: id });

export async function ownNetwork(db: Db, tenant: Tenant, id: string): Promise<CloudNetwork> {
  const row = await networks.findNetwork(db, tenant.id, id);
  if (!row) throw noNetwork(id);
  return { id: row.id, name: row.name, region: row.region };
}

/** Checks prefixes and returns them in canonical form; they must not overlap. */
function requireCidrs(texts: readonly string[]): string[] {
  const cidrs = texts.map((text) => {
    requireRoute(text);
    const cidr = parseCidr(text);
    if (!cidr) throw violation("network-prefix", { cidr: text });
    return cidr;
  });
  if (cidrs.length > maxRoutes) throw violation("network-prefix-limit", { limit: maxRoutes });
  if (cidrs.some((a, i) => cidrs.some((b, j) => i < j && overlaps(a, b)))) {
    throw violation("network-overlap");
  }
  const canonical = cidrs.map(formatCidr);
  requireShare(canonical);
  return canonical;
}

export interface NetworkDescription {
  name: string;
  region: string;
  cidrs: readonly string[];
  /** Ids of access points that reach it; none = all. */
  accessPoints: readonly string[];
}

export async function createNetwork(change: Change, tenant: Tenant, wanted: NetworkDescription): Promise<CloudNetwork> {
  const { tx, now } = change;
  await requireQuota(tx, tenant.id, "networks-per-account", "cloud_network", (limit) =>
    violation("network-limit", { limit }),
  );
  const network = { id: newId("vpc"), name: wanted.name, region: wanted.region };
  await networks.insertNetwork(tx, { ...network, tenantId: tenant.id, instanceId: null, createdAt: now });
  await networks.putPrefixes(tx, network.id, requireCidrs(wanted.cidrs));
  await putAccessPoints(tx, tenant, network.id, wanted.accessPoints);
  await change.audit(network.id, null, wanted);
  change.networks();
  return network;
}

export async function modifyNetwork(
  change: Change,
  tenant: Tenant,
  network: CloudNetwork,
  wanted: {
    name?: string | undefined;
    cidrs?: readonly string[] | undefined;
    accessPoints?: readonly string[] | undefined;
  },
): Promise<void> {
  const { tx } = change;
  const before = {
    name: network.name,
    cidrs: await cidrsOf(tx, network.id),
    accessPoints: await accessPointsOf(tx, network.id),
  };
  if (wanted.name !== undefined) await networks.renameNetwork(tx, network.id, wanted.name);
  if (wanted.cidrs !== undefined) await networks.putPrefixes(tx, network.id, requireCidrs(wanted.cidrs));
  if (wanted.accessPoints !== undefined) await putAccessPoints(tx, tenant, network.id, wanted.accessPoints);
  await change.audit(network.id, before, { ...before, ...wanted });
  change.networks();
}

export async function deleteNetwork(change: Change, network: CloudNetwork): Promise<void> {
  const { tx } = change;
  await networks.deleteNetwork(tx, network.id);
  await change.audit(network.id, { name: network.name }, null);
  change.networks();
}

async function putAccessPoints(tx: Tx, tenant: Tenant, networkId: string, wanted: readonly string[]): Promise<void> {
  const ids: string[] = [];
  for (const id of new Set(wanted)) {
    const known = await findAccessPointOf(tx, tenant.id, id);
    if (known === undefined) throw violation("no-access-point", { id });
    ids.push(known);
  }
  await networks.putAccessPointsOfNetwork(tx, networkId, ids);
}

export const putCidrs = networks.putPrefixes;

export const cidrsOf = networks.prefixesOf;

export const accessPointsOf = networks.accessPointsOfNetwork;

/** The instance's own routes. */
export async function routesOf(db: Db, instanceId: string): Promise<string[]> {
  const id = await networks.networkOfInstance(db, instanceId);
  return id === undefined ? [] : cidrsOf(db, id);
}

/**
 * The cloud network with an instance's own routes. It is created with the first route and attached to the same CEN as the instance's
 * CCN.
 */
export async function ownRoutes(tx: Tx, instanceId: string, now: number): Promise<string> {
  await lockInstance(tx, instanceId);
  const known = await networks.networkOfInstance(tx, instanceId);
  if (known !== undefined) return known;
  const instance = await networks.ownerOfRoutes(tx, instanceId);
  const row = {
    id: newId("vpc"),
    tenantId: instance.tenantId,
    name: instance.name,
    region: instance.region || defaultRegion,
    instanceId,
    createdAt: now,
  };
  await networks.insertNetwork(tx, row);
  const cen = await cenOfChild(tx, instance.boundCcnId ?? instance.ccnId);
  if (cen) {
    await attach(tx, { childId: row.id, cenId: cen.id, childType: "VPC", attachedAt: now, subnet: "" });
  }
  return row.id;
}
