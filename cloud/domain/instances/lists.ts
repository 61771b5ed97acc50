import { contains, formatCidr, overlaps, parseCidr, parseIp } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockInstance } from "../../store/locks.ts";
import {
  cidrsOfInstance,
  fixedAddresses,
  neighbourCidrs,
  replaceCidrs,
  sessionAddresses,
} from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import { requireNoForeignOverlap } from "../ccn/overlaps.ts";
import type { Change } from "../change.ts";
import { requireRoute, requireShare } from "../limits/inside.ts";
import { maxRoutes, requireCidr } from "../limits/instance.ts";
import { cidrsOf, ownRoutes, putCidrs, routesOf } from "../networks/networks.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";
import { profileChanged } from "../sessions/profile.ts";
import { endTheseSessions } from "./sessions.ts";

/**
 * Replaces the address blocks. Refuses to remove all, and blocks that do not contain all fixed addresses; ends sessions whose address
 * is no longer in a block.
 */
export async function setCidrs(change: Change, instance: Instance, texts: readonly string[]): Promise<string[]> {
  const { tx } = change;
  await lockInstance(tx, instance.id);
  const limit = await limitOf(tx, instance.tenantId, "cidrs-per-instance");
  if (texts.length > limit) throw violation("cidr-limit", { limit });
  const before = await cidrsOfInstance(tx, instance.id);
  if (texts.length === 0 && before.length > 0) throw violation("last-block");
  const after: string[] = [];
  for (const text of texts) {
    if (text === "") throw violation("cidr-empty");
    after.push(formatCidr(requireCidr(text, blocks(after), limit, before.includes(text))));
  }
  const parsed = blocks(after);
  const within = (address: string) => {
    const ip = parseIp(address);
    return ip !== undefined && parsed.some((cidr) => contains(cidr, ip));
  };
  const stray = (await fixedAddresses(tx, instance.id)).find(({ address }) => !within(address));
  if (stray) throw violation("fixed-address-outside", stray);
  await requireNoForeignOverlap(tx, instance, instance.boundCcnId ?? instance.ccnId, after);
  await replaceCidrs(tx, instance.id, after);
  const orphans = (await sessionAddresses(tx, instance.id)).filter((session) => !within(session.clientIp));
  const ids = orphans.map((session) => session.id);
  await endTheseSessions(change, ids, { cause: "session_expired", text: "" });
  return after;
}

export async function addCidr(change: Change, instance: Instance, text: string): Promise<void> {
  await setCidrs(change, instance, [...(await cidrsOfInstance(change.tx, instance.id)), text]);
}

export async function removeCidr(change: Change, instance: Instance, text: string): Promise<void> {
  const known = await cidrsOfInstance(change.tx, instance.id);
  if (!known.includes(text)) throw violation("no-block", { cidr: text });
  const left = known.filter((cidr) => cidr !== text);
  await setCidrs(change, instance, left);
}

/** Adds routes to the instance's own cloud network, which only this instance reaches. */
export async function addRoutes(change: Change, instanceId: string, texts: readonly string[]): Promise<void> {
  const { tx, now, context } = change;
  await lockInstance(tx, instanceId);
  const networkId = await ownRoutes(tx, instanceId, now);
  const known = await cidrsOf(tx, networkId);
  const wanted = [...new Set([...known, ...texts.map(requireRoute)])];
  if (wanted.length > maxRoutes) throw violation("route-limit", { limit: maxRoutes });
  requireShare(wanted);
  await putCidrs(tx, networkId, wanted);
  change.after(() => profileChanged(context, instanceId));
}

export async function removeRoute(change: Change, instanceId: string, text: string): Promise<void> {
  const { tx, now, context } = change;
  const known = await routesOf(tx, instanceId);
  if (!known.includes(text)) throw violation("no-route", { route: text });
  const left = known.filter((route) => route !== text);
  await putCidrs(tx, await ownRoutes(tx, instanceId, now), left);
  change.after(() => profileChanged(context, instanceId));
}

/** Warnings about overlaps that are allowed but usually a mistake, one sentence each. */
export async function overlapWarnings(
  db: Db,
  instance: Instance,
  added: { cidrs?: readonly string[]; routes?: readonly string[] },
): Promise<string[]> {
  const clash = (a: string, b: string) => {
    const [x, y] = [parseCidr(a), parseCidr(b)];
    return x !== undefined && y !== undefined && overlaps(x, y);
  };
  const own = await cidrsOfInstance(db, instance.id);
  const routes = await routesOf(db, instance.id);
  const others = (await neighbourCidrs(db, instance.ccnId, instance.id)).filter(
    (other) => other.tenantId === instance.tenantId,
  );
  const out: string[] = [];
  for (const cidr of added.cidrs ?? []) {
    const other = others.find((one) => clash(one.cidr, cidr));
    if (other) out.push(`${cidr} overlaps ${other.cidr} of the instance ${other.name}: both assign addresses from it.`);
    const route = routes.find((one) => clash(one, cidr));
    if (route !== undefined)
      out.push(`${cidr} overlaps the route ${route}: a client and a host could get the same address.`);
  }
  for (const route of added.routes ?? []) {
    const block = own.find((one) => clash(one, route));
    if (block !== undefined)
      out.push(`${route} overlaps the address block ${block}: a client and a host could get the same address.`);
    const other = routes.find((one) => one !== route && clash(one, route));
    if (other !== undefined) out.push(`${route} overlaps the route ${other}: the longer prefix wins.`);
  }
  return out;
}
