import type { Kysely } from "kysely";
import { type Cidr, parseCidr } from "../../base/ip.ts";
import type { Schema } from "../../store/schema.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import { deniesAll } from "../acl/match.ts";
import { joinedAreas } from "../cen/bandwidth.ts";
import { type Chain, type ChainFacts, type ChainNetwork, chain } from "./chain.ts";

type Db = Kysely<Schema>;

/** Access points that are there for those who dial into an instance, by id. */
export type Serving = ReadonlySet<string>;

export function serving(accessPoints: AccessPoints, ccnId: string): Serving {
  return new Set(accessPoints.offered(ccnId).map((state) => state.id));
}

/**
 * The chain of an instance, as those see it whom `serving` serves. `homeInstanceId` = where a roaming account came from: its
 * networks are reached besides, if an access point reaches them.
 */
export async function loadChain(
  db: Db,
  instanceId: string,
  present: Serving,
  homeInstanceId: string | null = null,
): Promise<Chain | undefined> {
  const facts = await loadFacts(db, instanceId, present);
  if (!facts) return undefined;
  if (homeInstanceId === null) return chain(facts);
  const home = await loadFacts(db, homeInstanceId, present);
  if (!home) return chain(facts);
  return chain({
    ...facts,
    networks: [...facts.networks, ...homeNetworks(home, new Set(facts.networks.map((n) => n.id)))],
  });
}

/** What leads nowhere at home leads nowhere from elsewhere either; only who reaches it is another question. */
function homeNetworks(home: ChainFacts, known: ReadonlySet<string>): ChainNetwork[] {
  const { hops } = chain(home);
  const missing = new Map(hops.map((hop) => [hop.id, hop.missing?.code]));
  if (hops.some((hop) => (hop.kind === "ccn" || hop.kind === "cen") && hop.missing)) return [];
  return home.networks
    .filter(({ id }) => !known.has(id) && [undefined, "cloud_network_unreachable"].includes(missing.get(id)))
    .map((network) => ({ ...network, home: true }));
}

async function loadFacts(db: Db, instanceId: string, present: Serving): Promise<ChainFacts | undefined> {
  const instance = await db
    .selectFrom("instance")
    .select(["id", "name", "region", "tenant_id", "bound_ccn_id"])
    .where("id", "=", instanceId)
    .executeTakeFirst();
  if (!instance) return undefined;
  const ccn = instance.bound_ccn_id === null ? undefined : await ccnOf(db, instance.bound_ccn_id, instance);
  const cen = ccn && (await cenOf(db, ccn));
  return {
    instance: { id: instance.id, name: instance.name, region: instance.region },
    ccn: ccn ?? null,
    cen: cen ?? null,
    joinedAreas: cen ? await joinedAreas(db, cen.id) : [],
    networks: await networksOf(db, instance, cen?.id ?? null, present),
  };
}

async function ccnOf(db: Db, id: string, instance: { id: string; tenant_id: string }) {
  const row = await db
    .selectFrom("ccn")
    .select(["id", "name", "region", "tenant_id"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  const granted =
    row.tenant_id === instance.tenant_id ||
    (await db
      .selectFrom("grant_sag")
      .select("id")
      .where("instance_id", "=", instance.id)
      .where("ccn_id", "=", id)
      .executeTakeFirst()) !== undefined;
  return { id: row.id, name: row.name, region: row.region, tenantId: row.tenant_id, granted };
}

async function cenOf(db: Db, ccn: { id: string; tenantId: string }) {
  const row = await db
    .selectFrom("cen_child")
    .innerJoin("cen", "cen.id", "cen_child.cen_id")
    .select(["cen.id", "cen.name", "cen.tenant_id"])
    .where("cen_child.child_id", "=", ccn.id)
    .executeTakeFirst();
  if (!row) return undefined;
  const granted =
    row.tenant_id === ccn.tenantId ||
    (await db
      .selectFrom("grant_cbn")
      .select("id")
      .where("ccn_id", "=", ccn.id)
      .where("cen_id", "=", row.id)
      .executeTakeFirst()) !== undefined;
  return { id: row.id, name: row.name, granted };
}

/** Those attached to the CEN, the owner's that are attached nowhere, and the instance's own. */
async function networksOf(
  db: Db,
  instance: { id: string; tenant_id: string },
  cenId: string | null,
  present: Serving,
): Promise<ChainNetwork[]> {
  const rows = await db
    .selectFrom("cloud_network")
    .leftJoin("cen_child", "cen_child.child_id", "cloud_network.id")
    .select([
      "cloud_network.id",
      "cloud_network.name",
      "cloud_network.region",
      "cloud_network.instance_id",
      "cen_child.cen_id",
    ])
    .where((e) =>
      e.or([
        e("cloud_network.instance_id", "=", instance.id),
        e.and([
          e("cloud_network.instance_id", "is", null),
          e.or([
            ...(cenId === null ? [] : [e("cen_child.cen_id", "=", cenId)]),
            e.and([e("cloud_network.tenant_id", "=", instance.tenant_id), e("cen_child.cen_id", "is", null)]),
          ]),
        ]),
      ]),
    )
    .orderBy("cloud_network.created_at")
    .orderBy("cloud_network.id")
    .execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const cidrs = await db
    .selectFrom("cloud_network_cidr")
    .selectAll()
    .where("network_id", "in", ids)
    .orderBy("position")
    .execute();
  const through = await db
    .selectFrom("cloud_network_access_point")
    .selectAll()
    .where("network_id", "in", ids)
    .execute();
  const denied = await deniedBy(db, instance.id);
  return rows.flatMap((row) => {
    const own = cidrs.filter((c) => c.network_id === row.id).map((c) => c.cidr);
    // What held the routes of an instance, and holds none any more, leads nowhere: nobody has to mend it.
    if (row.instance_id !== null && own.length === 0) return [];
    const open = own.filter((cidr) => !denied(cidr));
    const accessPoints = through.filter((t) => t.network_id === row.id).map((t) => t.access_point_id);
    const reachable = accessPoints.length === 0 ? present.size > 0 : accessPoints.some((id) => present.has(id));
    const shut = own.length > 0 && open.length === 0;
    const { id, name, region, cen_id: cenId } = row;
    return [{ id, name, region, cidrs: open, cenId, reachable, denied: shut, home: false }];
  });
}

/** Which prefixes the instance's control list shuts off altogether. */
async function deniedBy(db: Db, instanceId: string): Promise<(cidr: string) => boolean> {
  const rules = await db
    .selectFrom("acl_instance")
    .innerJoin("acl_rule", "acl_rule.acl_id", "acl_instance.acl_id")
    .selectAll("acl_rule")
    .where("acl_instance.instance_id", "=", instanceId)
    .orderBy("acl_rule.priority")
    .orderBy("acl_rule.created_at")
    .orderBy("acl_rule.id")
    .execute();
  if (rules.length === 0) return () => false;
  const blocks = await db.selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instanceId).execute();
  const clients: Cidr[] = blocks.flatMap((row) => parseCidr(row.cidr) ?? []);
  const facts = rules.map((rule) => ({
    direction: rule.direction,
    policy: rule.policy,
    priority: rule.priority,
    sourceCidr: rule.source_cidr,
    destCidr: rule.dest_cidr,
    sourcePorts: rule.source_ports,
    destPorts: rule.dest_ports,
    protocol: rule.protocol,
  }));
  return (text) => {
    const target = parseCidr(text);
    return target !== undefined && deniesAll(facts, clients, target);
  };
}
