import { createHash } from "node:crypto";
import type { Db } from "../../store/db.ts";
import { accountById } from "../../store/queries/accounts.ts";
import { rulesOfInstance } from "../../store/queries/acls.ts";
import { instanceById } from "../../store/queries/instances.ts";
import { accountedSessions } from "../../store/queries/sessions.ts";
import type { AccessRule } from "../../store/shared/access-rule.ts";
import type { ExportedFlowLog } from "../../store/shared/exported-flow-log.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import { accessList } from "../acl/access-list.ts";
import type { ChainHop } from "../chain/chain.ts";
import { loadChain, serving } from "../chain/facts.ts";
import type { Context } from "../context.ts";
import { exportedFlowLog } from "../flowlogs/effective.ts";
import { type Pushed, pushedBy } from "../instances/pushed.ts";

/** The profile of all sessions of an instance. Accounts that roam also get the routes of their home instance. */
export interface Profile extends Pushed {
  instanceId: string;
  enterpriseCode: string;
  displayName: string;
  /** The CCN whose access points serve the instance. */
  ccnId: string;
  /** The routes that the chain carries. */
  routes: string[];
  /** The access list of the instance. */
  rules: AccessRule[];
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

/** `homeInstanceId` is the home instance of a roaming account; null = not roaming. */
export async function loadProfile(
  db: Db,
  accessPoints: AccessPoints,
  instanceId: string,
  homeInstanceId: string | null,
): Promise<Profile | undefined> {
  const instance = await instanceById(db, instanceId);
  if (!instance) return undefined;
  const found = await loadChain(db, instanceId, serving(accessPoints, instance.ccnId), homeInstanceId);
  return {
    instanceId,
    enterpriseCode: instance.enterpriseCode,
    displayName: instance.name,
    ccnId: instance.ccnId,
    routes: instance.fullTunnel ? everything : (found?.routes ?? []).slice(0, maxRoutes),
    rules: accessList(await rulesOfInstance(db, instanceId)),
    flowLog: await exportedFlowLog(db, instanceId),
    hops: (found?.hops ?? []).slice(0, maxHops),
    preferred: instance.accessPointNumber,
    ...(await pushedBy(db, instance)),
  };
}

/**
 * Destinations that the instance's peers may send to, the access list, and the flow log. Name servers are not added: naming one must not allow traffic to an address that
 * the chain does not carry, which may belong to another account.
 */
export function reachOf({ routes, rules, flowLog }: Profile): Pick<DesiredPeer, "destinations" | "rules" | "flowLog"> {
  return { destinations: routes, rules, flowLog };
}

/** Whether two access lists are the same. Peers of an instance share theirs, so the comparison of two lists is kept. */
function listComparison(wanted: readonly AccessRule[]): (rules: readonly AccessRule[]) => boolean {
  const text = JSON.stringify(wanted);
  const known = new Map<readonly AccessRule[], boolean>();
  return (rules) => {
    const same = known.get(rules) ?? JSON.stringify(rules) === text;
    known.set(rules, same);
    return same;
  };
}

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
  const sessions = await accountedSessions(store, { instanceId, accountId });
  for (const home of new Set(sessions.map((session) => session.roamedFrom))) {
    const profile = await loadProfile(store, accessPoints, instanceId, home);
    if (!profile) return;
    const same = sessions.filter((session) => session.roamedFrom === home);
    const reach = reachOf(profile);
    const sameList = listComparison(reach.rules);
    const changed = same
      .flatMap(({ id }) => peers.get(id) ?? [])
      .filter(
        (peer) =>
          JSON.stringify(peer.destinations) !== JSON.stringify(reach.destinations) ||
          JSON.stringify(peer.flowLog) !== JSON.stringify(reach.flowLog) ||
          !sameList(peer.rules),
      )
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
  const profile = await loadProfile(store, accessPoints, session.instanceId, account?.roamedFrom ?? null);
  return profile ? profileRevision(context, profile, account?.bandwidth ?? 0) : "";
}
