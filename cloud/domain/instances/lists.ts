import type { Transaction } from "kysely";
import { invalid, Refusal } from "../../base/cause.ts";
import { contains, formatCidr, parseCidr, parseIp } from "../../base/ip.ts";
import type { Schema } from "../../store/schema.ts";
import { unnoted } from "../audit.ts";
import type { Context } from "../context.ts";
import {
  maxDnsDomains,
  maxDnsServers,
  maxRoutes,
  requireCidr,
  requireDnsServer,
  requireDomain,
  requireRoute,
} from "../limits/instance.ts";
import { cidrsOf, ownRoutes, putCidrs } from "../networks/networks.ts";
import { blocks } from "../sessions/addresses.ts";
import { endNow } from "../sessions/ending.ts";
import { profileChanged } from "../sessions/profile.ts";

export async function addCidr(context: Context, instanceId: string, text: string, note = unnoted): Promise<void> {
  await context.store.transaction().execute(async (tx) => {
    const rows = await tx
      .selectFrom("instance_cidr")
      .select(["cidr", "position"])
      .where("instance_id", "=", instanceId)
      .execute();
    const cidr = formatCidr(requireCidr(text, blocks(rows.map((row) => row.cidr))));
    const position = Math.max(-1, ...rows.map((row) => row.position)) + 1;
    await tx.insertInto("instance_cidr").values({ instance_id: instanceId, cidr, position }).execute();
    await note(tx);
  });
}

/** Refused while an account has a fixed address in it; sessions with an address in it have to dial again. */
export async function removeCidr(context: Context, instanceId: string, text: string, note = unnoted): Promise<void> {
  const { store } = context;
  const cidr = parseCidr(text);
  const within = (address: string | null) => {
    const ip = address === null ? undefined : parseIp(address);
    return cidr !== undefined && ip !== undefined && contains(cidr, ip);
  };
  const orphans = await store.transaction().execute(async (tx) => {
    const accounts = await tx
      .selectFrom("account")
      .select(["user_name", "client_ip"])
      .where("instance_id", "=", instanceId)
      .where("client_ip", "is not", null)
      .execute();
    const fixed = accounts.find((row) => within(row.client_ip));
    if (fixed) throw invalid("cidr", `${fixed.user_name} has the fixed address ${fixed.client_ip} in ${text}.`);
    const removed = await tx
      .deleteFrom("instance_cidr")
      .where("instance_id", "=", instanceId)
      .where("cidr", "=", text)
      .executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw new Refusal("not_found", `The instance has no block ${text}.`);
    const sessions = await tx
      .selectFrom("session")
      .select(["id", "client_ip"])
      .where("instance_id", "=", instanceId)
      .where("ended_at", "is", null)
      .execute();
    await note(tx);
    return sessions.filter((row) => within(row.client_ip)).map((row) => row.id);
  });
  await endNow(context, orphans, { cause: "session_expired", text: "" });
}

/** An instance's own routes are a cloud network that only it is carried to. */
export async function addRoutes(
  context: Context,
  instanceId: string,
  texts: readonly string[],
  note = unnoted,
): Promise<void> {
  await context.store.transaction().execute(async (tx) => {
    const networkId = await ownRoutes(tx, instanceId, context.clock.now());
    const known = await cidrsOf(tx, networkId);
    const wanted = [...new Set([...known, ...texts.map(requireRoute)])];
    if (wanted.length > maxRoutes) throw invalid("route", `An instance has at most ${maxRoutes} routes.`);
    await putCidrs(tx, networkId, wanted);
    await note(tx);
  });
  await profileChanged(context, instanceId);
}

export async function removeRoute(context: Context, instanceId: string, text: string, note = unnoted): Promise<void> {
  await context.store.transaction().execute(async (tx) => {
    const own = tx.selectFrom("cloud_network").select("id").where("instance_id", "=", instanceId);
    const removed = await tx
      .deleteFrom("cloud_network_cidr")
      .where("network_id", "in", own)
      .where("cidr", "=", text)
      .executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw new Refusal("not_found", `The instance has no route ${text}.`);
    await note(tx);
  });
  await profileChanged(context, instanceId);
}

/** Replaces what is pushed. No servers = nothing is pushed; no domains = all names. */
export async function setDns(
  context: Context,
  instanceId: string,
  servers: readonly string[],
  domains: readonly string[],
  note = unnoted,
): Promise<void> {
  const wanted = {
    servers: [...new Set(servers.map(requireDnsServer))],
    domains: [...new Set(domains.map(requireDomain))],
  };
  if (wanted.servers.length > maxDnsServers) throw invalid("server", `At most ${maxDnsServers} name servers.`);
  if (wanted.domains.length > maxDnsDomains) throw invalid("domain", `At most ${maxDnsDomains} domains.`);
  if (wanted.servers.length === 0 && wanted.domains.length > 0) {
    throw invalid("server", "Domains need at least one name server.");
  }
  await context.store.transaction().execute(async (tx) => {
    await replaceDns(tx, instanceId, wanted);
    await note(tx);
  });
  await profileChanged(context, instanceId);
}

async function replaceDns(
  tx: Transaction<Schema>,
  instance_id: string,
  wanted: { servers: string[]; domains: string[] },
): Promise<void> {
  await tx.deleteFrom("instance_dns_server").where("instance_id", "=", instance_id).execute();
  await tx.deleteFrom("instance_dns_domain").where("instance_id", "=", instance_id).execute();
  for (const [position, address] of wanted.servers.entries()) {
    await tx.insertInto("instance_dns_server").values({ instance_id, address, position }).execute();
  }
  for (const [position, domain] of wanted.domains.entries()) {
    await tx.insertInto("instance_dns_domain").values({ instance_id, domain, position }).execute();
  }
}
