import { type Cidr, parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { findCcn } from "../../store/queries/ccns.ts";
import { cenOfChild } from "../../store/queries/cen-children.ts";
import { chainStart, clientBlocks, networksInReach } from "../../store/queries/chains.ts";
import { isCcnGranted, isInstanceGranted } from "../../store/queries/grants.ts";
import type { AclRule } from "../../store/shapes.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import { isAboutApplications } from "../acl/access-list.ts";
import { asOne, listsOf } from "../acl/effective.ts";
import { deniesAll } from "../acl/match.ts";
import { joinedAreas } from "../cen/bandwidth.ts";
import { type Chain, type ChainFacts, type ChainNetwork, chain } from "./chain.ts";

/** Ids of the access points that are offered to clients of an instance. */
export type Serving = ReadonlySet<string>;

export function serving(accessPoints: AccessPoints, ccnId: string): Serving {
  return new Set(accessPoints.offered(ccnId).map((state) => state.id));
}

/**
 * The chain of an instance for clients served by the access points `present`. `homeInstanceId` is the home instance of a roaming
 * account; its networks are added if an access point reaches them. `lists` are the ACLs that apply; default: the instance's.
 */
export async function loadChain(
  db: Db,
  instanceId: string,
  present: Serving,
  homeInstanceId: string | null = null,
  lists?: readonly AclRule[][],
): Promise<Chain | undefined> {
  const facts = await loadFacts(db, instanceId, present, lists);
  if (!facts) return undefined;
  if (homeInstanceId === null) return chain(facts);
  const home = await loadFacts(db, homeInstanceId, present);
  if (!home) return chain(facts);
  return chain({
    ...facts,
    networks: [...facts.networks, ...homeNetworks(home, new Set(facts.networks.map((n) => n.id)))],
  });
}

/** Home networks that the home instance's own chain carries; whether an access point here reaches them is checked separately. */
function homeNetworks(home: ChainFacts, known: ReadonlySet<string>): ChainNetwork[] {
  const { hops } = chain(home);
  const missing = new Map(hops.map((hop) => [hop.id, hop.missing?.code]));
  if (hops.some((hop) => (hop.kind === "ccn" || hop.kind === "cen") && hop.missing)) return [];
  return home.networks
    .filter(({ id }) => !known.has(id) && [undefined, "cloud_network_unreachable"].includes(missing.get(id)))
    .map((network) => ({ ...network, home: true }));
}

async function loadFacts(
  db: Db,
  instanceId: string,
  present: Serving,
  lists?: readonly AclRule[][],
): Promise<ChainFacts | undefined> {
  const instance = await chainStart(db, instanceId);
  if (!instance) return undefined;
  const ccn = instance.boundCcnId === null ? undefined : await ccnOf(db, instance.boundCcnId, instance);
  const cen = ccn && (await cenOf(db, ccn));
  return {
    instance: { id: instance.id, name: instance.name, region: instance.region },
    ccn: ccn ?? null,
    cen: cen ?? null,
    joinedAreas: cen ? await joinedAreas(db, cen.id) : [],
    networks: await networksOf(db, instance, cen?.id ?? null, present, lists ?? (await listsOf(db, instanceId, null))),
  };
}

async function ccnOf(db: Db, id: string, instance: { id: string; tenantId: string }) {
  const row = await findCcn(db, id);
  if (!row) return undefined;
  const granted = row.tenantId === instance.tenantId || (await isInstanceGranted(db, instance.id, id));
  return { id: row.id, name: row.name, region: row.region, tenantId: row.tenantId, granted };
}

async function cenOf(db: Db, ccn: { id: string; tenantId: string }) {
  const row = await cenOfChild(db, ccn.id);
  if (!row) return undefined;
  const granted = row.tenantId === ccn.tenantId || (await isCcnGranted(db, ccn.id, row.id));
  return { id: row.id, name: row.name, granted };
}

/** Networks attached to the CEN, the owner's networks that are not attached to any CEN, and the instance's own. */
async function networksOf(
  db: Db,
  instance: { id: string; tenantId: string },
  cenId: string | null,
  present: Serving,
  lists: readonly AclRule[][],
): Promise<ChainNetwork[]> {
  const found = await networksInReach(db, instance, cenId);
  if (found.length === 0) return [];
  const denied = await deniedBy(db, instance.id, lists);
  return found.flatMap(({ id, name, region, instanceId, cenId, cidrs, accessPoints }) => {
    // Leave out the network of an instance's own routes if it has none left: there is nothing to fix.
    if (instanceId !== null && cidrs.length === 0) return [];
    const open = cidrs.filter((cidr) => !denied(cidr));
    const reachable = accessPoints.length === 0 ? present.size > 0 : accessPoints.some((ap) => present.has(ap));
    const shut = cidrs.length > 0 && open.length === 0;
    return [{ id, name, region, cidrs: open, cenId, reachable, denied: shut, home: false }];
  });
}

/** Returns whether the ACLs drop all traffic to a prefix. */
async function deniedBy(db: Db, instanceId: string, lists: readonly AclRule[][]): Promise<(cidr: string) => boolean> {
  const rules = asOne(lists).filter((rule) => !isAboutApplications(rule));
  if (rules.length === 0) return () => false;
  const clients: Cidr[] = (await clientBlocks(db, instanceId)).flatMap((block) => parseCidr(block) ?? []);
  const facts = rules.map((rule) => ({
    direction: rule.direction,
    policy: rule.policy,
    priority: rule.priority,
    sourceCidr: rule.sourceCidr,
    destCidr: rule.destCidr,
    sourcePorts: rule.sourcePorts,
    destPorts: rule.destPorts,
    protocol: rule.protocol,
  }));
  return (text) => {
    const target = parseCidr(text);
    return target !== undefined && deniesAll(facts, clients, target);
  };
}
