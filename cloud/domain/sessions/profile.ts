import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { hostPrefix } from "../../base/ip.ts";
import type { Schema } from "../../store/schema.ts";
import type { AccessPoints } from "../accesspoints/registry.ts";
import type { ChainHop } from "../chain/chain.ts";
import { loadChain, serving } from "../chain/facts.ts";
import type { Context } from "../context.ts";
import { type Pushed, pushedBy } from "../instances/pushed.ts";

/** What every session of an instance is told; those of roaming accounts besides, what they reach at home. */
export interface Profile extends Pushed {
  instanceId: string;
  displayName: string;
  /** Whose access points serve it. */
  ccnId: string;
  /** Those that the chain carries. */
  routes: string[];
  /** From the instance on. */
  hops: ChainHop[];
  /** Number of the access point that is offered first; null = the usual order. */
  preferred: number | null;
}

/** Everything at once, both families. */
const everything = ["0.0.0.0/0", "::/0"];
/** The contract's limit on prefixes and on hops. */
const maxRoutes = 1_024;
const maxHops = 60;

/** `homeInstanceId`: where a roaming account came from. */
export async function loadProfile(
  db: Kysely<Schema>,
  accessPoints: AccessPoints,
  instanceId: string,
  homeInstanceId: string | null,
): Promise<Profile | undefined> {
  const instance = await db.selectFrom("instance").selectAll().where("id", "=", instanceId).executeTakeFirst();
  if (!instance) return undefined;
  const found = await loadChain(db, instanceId, serving(accessPoints, instance.ccn_id), homeInstanceId);
  return {
    instanceId,
    displayName: instance.name,
    ccnId: instance.ccn_id,
    routes: instance.full_tunnel ? everything : (found?.routes ?? []).slice(0, maxRoutes),
    hops: (found?.hops ?? []).slice(0, maxHops),
    preferred: instance.access_point_number,
    ...(await pushedBy(db, instance)),
  };
}

/** Where the instance's peers may go: the routes, and the name servers even if they are outside of them. */
export function destinationsOf(profile: Profile): string[] {
  return [...new Set([...profile.routes, ...profile.dnsServers.map(hostPrefix)])];
}

/**
 * Names the state of everything a client is told apart from the session itself. Which access point is ready, and their order,
 * is not part of it: that changes all the time, and fetching it anew would help nobody.
 */
export function profileRevision(context: Context, profile: Profile): string {
  const { fullTunnel, lockdown } = profile.policy;
  const accessPoints = context.accessPoints
    .offered(profile.ccnId)
    .map(({ id, name, publicKey, endpoints }) => [id, name, Buffer.from(publicKey).toString("base64"), endpoints])
    .sort((a, b) => String(a[0]).localeCompare(String(b[0])));
  const told = [
    profile.displayName,
    profile.routes,
    profile.hops,
    profile.dnsServers,
    profile.dnsDomains,
    profile.resources,
    { fullTunnel, lockdown, lease: profile.policy.leaseSeconds },
    accessPoints,
  ];
  return createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 32);
}

/**
 * After an administrator's change, or when access points come and go: brings the peers in line and tells those who listen.
 * Their streams drop what they know already.
 */
export async function profileChanged(context: Context, instanceId: string): Promise<void> {
  const { store, accessPoints, board, events } = context;
  const sessions = await store
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account_id")
    .select(["session.id", "account.roamed_from"])
    .where("session.instance_id", "=", instanceId)
    .where("session.ended_at", "is", null)
    .execute();
  for (const home of new Set(sessions.map((session) => session.roamed_from))) {
    const profile = await loadProfile(store, accessPoints, instanceId, home);
    if (!profile) return;
    const ids = sessions.filter((session) => session.roamed_from === home).map((session) => session.id);
    const destinations = destinationsOf(profile);
    const changed = ids
      .flatMap((id) => board.get(id) ?? [])
      .filter((peer) => JSON.stringify(peer.destinations) !== JSON.stringify(destinations))
      .map((peer) => ({ peer: { ...peer, destinations }, newKey: false }));
    if (changed.length > 0) board.change([], changed);
    const event = { kind: "profile", revision: profileRevision(context, profile) } as const;
    for (const id of ids) events.tell(id, event);
  }
}

/** The revision that a session would be told now; "" = its instance is gone. */
export async function revisionFor(
  context: Context,
  session: { account_id: string; instance_id: string },
): Promise<string> {
  const { store, accessPoints } = context;
  const account = await store
    .selectFrom("account")
    .select("roamed_from")
    .where("id", "=", session.account_id)
    .executeTakeFirst();
  const profile = await loadProfile(store, accessPoints, session.instance_id, account?.roamed_from ?? null);
  return profile ? profileRevision(context, profile) : "";
}
