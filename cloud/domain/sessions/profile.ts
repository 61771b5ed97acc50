import { createHash } from "node:crypto";
import type { Db } from "../../store/db.ts";
import { accountById } from "../../store/queries/accounts.ts";
import { instanceById } from "../../store/queries/instances.ts";
import { accountedSessions } from "../../store/queries/sessions.ts";
import type { AccessList } from "../../store/shared/access-rule.ts";
import type { ExportedFlowLog } from "../../store/shared/exported-flow-log.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import { accessLists, listsOf } from "../acl/effective.ts";
import type { ChainHop } from "../chain/chain.ts";
import { loadChain, serving } from "../chain/facts.ts";
import type { Context } from "../context.ts";
import { exportedFlowLog } from "../flowlogs/effective.ts";
import { type Pushed, pushedBy } from "../instances/pushed.ts";

/** What distinguishes the profiles of an instance's accounts. */
export interface ProfileOf {
  /** Home instance of a roaming account, whose routes it also gets; null = not roaming. */
  roamedFrom: string | null;
  /** The account's own ACL; null = none. */
  aclId: string | null;
}

/** The profile of all sessions of an instance that ProfileOf does not distinguish. */
export interface Profile extends Pushed {
  instanceId: string;
  enterpriseCode: string;
  displayName: string;
  /** The CCN whose access points serve the instance. */
  ccnId: string;
  /** The routes that the chain carries. */
  routes: string[];
  /** The access lists. */
  lists: AccessList[];
  /** How the flows of the instance are recorded; null = they are not. */
  flowLog: ExportedFlowLog | null;
  /** Hops from the instance onwards. */
  hops: ChainHop[];
  /** Number of the preferred access point; null = none. */
  preferred: number | null;
}

/** Default routes of both address families. */
const everything = ["0.0.0.0/0", "::/0"];
/** Limits of the API contract. */
const maxRoutes = 1_024;
const maxHops = 60;
const maxResolvers = 16;

export async function loadProfile(
  db: Db,
  accessPoints: AccessPoints,
  instanceId: string,
  { roamedFrom, aclId }: ProfileOf,
): Promise<Profile | undefined> {
  const instance = await instanceById(db, instanceId);
  if (!instance) return undefined;
  const lists = await listsOf(db, instanceId, aclId);
  const found = await loadChain(db, instanceId, serving(accessPoints, instance.ccnId), roamedFrom, lists);
  return {
    instanceId,
    enterpriseCode: instance.enterpriseCode,
    displayName: instance.name,
    ccnId: instance.ccnId,
    routes: instance.fullTunnel ? everything : (found?.routes ?? []).slice(0, maxRoutes),
    lists: accessLists(lists),
    flowLog: await exportedFlowLog(db, instanceId),
    hops: (found?.hops ?? []).slice(0, maxHops),
    preferred: instance.accessPointNumber,
    ...(await pushedBy(db, instance)),
  };
}

/** What a peer gets from its profile. */
type Reach = Pick<DesiredPeer, "destinations" | "lists" | "flowLog" | "resolvers">;

/**
 * Destinations that the instance's peers may send to, the access lists, and the flow log. Name servers are not added: naming one must not allow traffic to an address that
 * the chain does not carry, which may belong to another account.
 */
export function reachOf({ routes, lists, flowLog, dnsServers }: Profile): Reach {
  return { destinations: routes, lists, flowLog, resolvers: dnsServers.slice(0, maxResolvers) };
}

const textOf = ({ destinations, lists, flowLog, resolvers }: Reach): string =>
  JSON.stringify([destinations, lists.map(({ id }) => id), flowLog, resolvers]);

const sameReach = (a: Reach, b: Reach): boolean => textOf(a) === textOf(b);

/**
 * Hash of everything a client receives apart from the session itself. It leaves out readiness and order of the access points: these
 * change often, and clients need not fetch them again. `bandwidth` is the account's, Kbit/s.
 */
export function profileRevision(context: Context, profile: Profile, bandwidth: number): string {
  const { fullTunnel, lockdown } = profile.policy;
  const accessPoints = context.accessPoints
    .offered(profile.ccnId)
    .map(({ id, name, publicKey, endpoints }) => [id, name, Buffer.from(publicKey).toString("base64"), endpoints])
    .sort((a, b) => String(a[0]).localeCompare(String(b[0])));
  const parts = [
    profile.displayName,
    profile.routes,
    profile.hops,
    profile.dnsServers,
    profile.dnsDomains,
    profile.dnsSearchDomains,
    profile.resources,
    { fullTunnel, lockdown, lease: profile.policy.leaseSeconds },
    accessPoints,
    bandwidth,
    // Changes when keys were replaced, so that clients fetch the new ones.
    context.keysName,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/**
 * Updates peers and notifies clients after an administrator's change, or when access points connect or disconnect. Event streams drop
 * revisions that they have already sent. `accountId` limits it to that account's sessions.
 */
export async function profileChanged(context: Context, instanceId: string, accountId?: string): Promise<void> {
  const { store, accessPoints, peers, events } = context;
  await context.limits.refresh(instanceId);
  const sessions = await accountedSessions(store, { instanceId, accountId });
  for (const same of Map.groupBy(sessions, ({ roamedFrom, aclId }) => `${roamedFrom} ${aclId}`).values()) {
    const [one] = same;
    const profile = one && (await loadProfile(store, accessPoints, instanceId, one));
    if (!profile) return;
    const reach = reachOf(profile);
    const changed = same
      .flatMap(({ id }) => peers.get(id) ?? [])
      .filter((peer) => !sameReach(peer, reach))
      .map((peer) => ({ peer: { ...peer, ...reach }, newKey: false }));
    if (changed.length > 0) await peers.change([], changed);
    for (const [bandwidth, group] of Map.groupBy(same, (session) => session.bandwidth)) {
      const event = { kind: "profile", revision: profileRevision(context, profile, bandwidth) } as const;
      for (const { id } of group) events.publish(id, event);
    }
  }
}

/** The profile revision of a session now; "" = its instance was deleted. */
export async function revisionFor(
  context: Context,
  session: { accountId: string; instanceId: string },
): Promise<string> {
  const { store, accessPoints } = context;
  const account = await accountById(store, session.accountId);
  const of = account ?? { roamedFrom: null, aclId: null };
  const profile = await loadProfile(store, accessPoints, session.instanceId, of);
  return profile ? profileRevision(context, profile, account?.bandwidth ?? 0) : "";
}
