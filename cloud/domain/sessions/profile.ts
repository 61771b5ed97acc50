import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import { hostPrefix } from "../addresses/ip.ts";
import type { Context } from "../context.ts";
import type { InstancePolicy } from "../limits/policy.ts";

/** What every session of an instance is told. */
export interface Profile {
  instanceId: string;
  displayName: string;
  ccnId: string;
  routes: string[];
  dnsServers: string[];
  dnsDomains: string[];
  policy: InstancePolicy;
}

/** Everything at once, both families. */
const everything = ["0.0.0.0/0", "::/0"];

export async function loadProfile(db: Kysely<Schema>, instanceId: string): Promise<Profile | undefined> {
  const instance = await db.selectFrom("instance").selectAll().where("id", "=", instanceId).executeTakeFirst();
  if (!instance) return undefined;
  const of = { instance_id: instanceId };
  const routes = await db
    .selectFrom("instance_route")
    .select("prefix")
    .where("instance_id", "=", of.instance_id)
    .orderBy("position")
    .execute();
  const servers = await db
    .selectFrom("instance_dns_server")
    .select("address")
    .where("instance_id", "=", of.instance_id)
    .orderBy("position")
    .execute();
  const domains = await db
    .selectFrom("instance_dns_domain")
    .select("domain")
    .where("instance_id", "=", of.instance_id)
    .orderBy("position")
    .execute();
  return {
    instanceId,
    displayName: instance.name,
    ccnId: instance.ccn_id,
    routes: instance.full_tunnel ? everything : routes.map((r) => r.prefix),
    dnsServers: servers.map((r) => r.address),
    dnsDomains: domains.map((r) => r.domain),
    policy: {
      fullTunnel: instance.full_tunnel === 1,
      lockdown: instance.lockdown === 1,
      leaseSeconds: instance.lease_seconds,
      signInSeconds: instance.sign_in_seconds,
      devicesPerAccount: instance.devices_per_account,
    },
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
    profile.dnsServers,
    profile.dnsDomains,
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
  const profile = await loadProfile(context.store, instanceId);
  if (!profile) return;
  const destinations = destinationsOf(profile);
  const changed = context.board
    .peersOfInstance(instanceId)
    .filter((peer) => JSON.stringify(peer.destinations) !== JSON.stringify(destinations))
    .map((peer) => ({ peer: { ...peer, destinations }, newKey: false }));
  if (changed.length > 0) context.board.change([], changed);
  context.events.tellInstance(instanceId, { kind: "profile", revision: profileRevision(context, profile) });
}
