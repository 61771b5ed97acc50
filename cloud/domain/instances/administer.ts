import { Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { contains, formatCidr, parseIp } from "../../base/ip.ts";
import { defaultCcn } from "../ccn/serving.ts";
import type { Change } from "../change.ts";
import { defaultCode } from "../codes/codes.ts";
import { requireCidr } from "../limits/instance.ts";
import { defaultPolicy } from "../limits/policy.ts";
import { limitOf, requireQuota } from "../quotas/limits.ts";
import { broken, RuleBroken } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";
import { profileChanged } from "../sessions/profile.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { dropInstance } from "./instances.ts";
import { type InstanceRow, ownInstance } from "./own.ts";
import { endSessionsOf, endTheseSessions } from "./sessions.ts";

/** Epoch ms, so many calendar months later; the last day of the month when the day does not exist there. */
export function addMonths(at: number, months: number): number {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime();
}

/** Orders an instance. It is bound to nothing yet, and has neither addresses nor accounts. */
export async function orderInstance(
  change: Change,
  tenant: Tenant,
  wanted: { region: string; userCount: number; dataPlan: number; months: number },
): Promise<InstanceRow> {
  const { tx, now } = change;
  const own = tx.selectFrom("instance").where("tenant_id", "=", tenant.id);
  await requireQuota(tx, tenant.id, "instances-per-account", own, (limit) =>
    broken("QuotaExceeded.SmartAccessGateway", `An account has at most ${limit} SAG instances.`),
  );
  await requireUserCount(change, tenant, wanted.userCount);
  const id = newId("sag");
  const row = {
    id,
    tenant_id: tenant.id,
    name: id,
    enterprise_code: await defaultCode(change, tenant),
    ccn_id: await defaultCcn(tx, tenant.id),
    full_tunnel: Number(defaultPolicy.fullTunnel),
    lockdown: Number(defaultPolicy.lockdown),
    lease_seconds: defaultPolicy.leaseSeconds,
    sign_in_seconds: defaultPolicy.signInSeconds,
    devices_per_account: defaultPolicy.devicesPerAccount,
    created_at: now,
    region: wanted.region,
    user_count: wanted.userCount,
    data_plan: wanted.dataPlan,
    end_time: addMonths(now, wanted.months),
  };
  await tx.insertInto("instance").values(row).execute();
  change.after(async () => change.context.sweeper.by(row.end_time));
  await change.audit(id, null, { region: row.region, userCount: row.user_count, endTime: row.end_time });
  return tx.selectFrom("instance").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

async function requireUserCount(change: Change, tenant: Tenant, userCount: number): Promise<void> {
  const limit = await limitOf(change.tx, tenant.id, "users-per-instance");
  if (userCount > limit)
    throw broken("SAG.InvalidUserCount", `An instance is bought for 1 to ${limit} client accounts.`);
}

/** Up or down, never below the accounts that are there. */
export async function resizeInstance(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region: string; userCount: number; dataPlan: number; up: boolean },
): Promise<void> {
  const { tx } = change;
  const row = await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  await requireUserCount(change, tenant, wanted.userCount);
  const [word, wrong] = wanted.up
    ? (["upgrade", wanted.userCount < row.user_count] as const)
    : (["downgrade", wanted.userCount > row.user_count] as const);
  if (wrong)
    throw broken(
      "SAG.InvalidUserCount",
      `It is for ${row.user_count} client accounts now: no ${word} to ${wanted.userCount}.`,
    );
  const { count } = await tx
    .selectFrom("account")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("instance_id", "=", row.id)
    .executeTakeFirstOrThrow();
  if (wanted.userCount < count) throw broken("SAG.InvalidUserCount", `The instance has ${count} client accounts.`);
  await tx
    .updateTable("instance")
    .set({ user_count: wanted.userCount, data_plan: wanted.dataPlan })
    .where("id", "=", row.id)
    .execute();
  await change.audit(row.id, { userCount: row.user_count }, { userCount: wanted.userCount });
}

export interface InstanceWishes {
  name?: string | undefined;
  description?: string | undefined;
  /** Separated by commas. */
  cidrBlock?: string | undefined;
  position?: string | undefined;
  routingStrategy?: string | undefined;
  securityLockThreshold?: number | undefined;
  connectionAudit?: boolean | undefined;
}

export async function modifyInstance(
  change: Change,
  tenant: Tenant,
  row: InstanceRow,
  wanted: InstanceWishes,
): Promise<void> {
  const { tx } = change;
  const after = {
    name: wanted.name ?? row.name,
    description: wanted.description ?? row.description,
    position: wanted.position ?? row.position,
    routing_strategy: wanted.routingStrategy ?? row.routing_strategy,
    security_lock_threshold: wanted.securityLockThreshold ?? row.security_lock_threshold,
    connection_audit: wanted.connectionAudit === undefined ? row.connection_audit : Number(wanted.connectionAudit),
  };
  await tx.updateTable("instance").set(after).where("id", "=", row.id).execute();
  const { name, description, position, routing_strategy, security_lock_threshold, connection_audit } = row;
  const before = { name, description, position, routing_strategy, security_lock_threshold, connection_audit };
  if (wanted.cidrBlock === undefined) {
    await change.audit(row.id, before, after);
  } else {
    const cidrs = await replaceCidrs(
      change,
      tenant,
      row.id,
      wanted.cidrBlock.split(",").map((text) => text.trim()),
    );
    await change.audit(row.id, { ...before, cidrs: cidrs.before }, { ...after, cidrs: cidrs.after });
  }
  change.after(() => profileChanged(change.context, row.id));
}

/** Replaces the private blocks. Fixed addresses must stay inside; sessions that do not have to dial anew. */
async function replaceCidrs(
  change: Change,
  tenant: Tenant,
  instanceId: string,
  texts: readonly string[],
): Promise<{ before: string[]; after: string[] }> {
  const { tx } = change;
  const limit = await limitOf(tx, tenant.id, "cidrs-per-instance");
  if (texts.length > limit) throw broken("QuotaExceeded.Cidr", `An instance has at most ${limit} private CIDR blocks.`);
  const after: string[] = [];
  for (const text of texts) {
    if (text === "") throw broken("SAG.CidrEmpty", "A private CIDR block is empty.");
    after.push(formatCidr(inProductsWords(() => requireCidr(text, blocks(after), limit))));
  }
  const parsed = blocks(after);
  const within = (address: string) => {
    const ip = parseIp(address);
    return ip !== undefined && parsed.some((cidr) => contains(cidr, ip));
  };
  const accounts = tx.selectFrom("account").select(["user_name", "client_ip"]).where("instance_id", "=", instanceId);
  const stray = (await accounts.where("client_ip", "is not", null).execute()).find(
    (a) => a.client_ip && !within(a.client_ip),
  );
  if (stray)
    throw broken(
      "SAG.InvalidCidr",
      `${stray.user_name} has the fixed address ${stray.client_ip}, which would lie outside.`,
    );
  const rows = tx.selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instanceId);
  const before = (await rows.orderBy("position").execute()).map((row) => row.cidr);
  await tx.deleteFrom("instance_cidr").where("instance_id", "=", instanceId).execute();
  for (const [position, cidr] of after.entries()) {
    await tx.insertInto("instance_cidr").values({ instance_id: instanceId, cidr, position }).execute();
  }
  const sessions = tx.selectFrom("session").select(["id", "client_ip"]).where("instance_id", "=", instanceId);
  const orphans = (await sessions.where("ended_at", "is", null).execute()).filter((s) => !within(s.client_ip));
  await endTheseSessions(
    change,
    orphans.map((s) => s.id),
    "session_expired",
    "",
  );
  return { before, after };
}

/** The validators' words are people's; the product's codes for them are these. */
function inProductsWords<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof RuleBroken) throw error;
    throw broken(/overlaps/.test(error.message) ? "SAG.CidrOverlap" : "SAG.InvalidCidr", error.message);
  }
}

/** Gone with its accounts and settings; what its accounts have used stays on record. */
export async function removeInstance(change: Change, row: InstanceRow): Promise<void> {
  const { tx } = change;
  await endSessionsOf(change, row.id, "sign_in_expired", "This intranet was deleted.");
  await dropInstance(tx, row.id);
  await change.audit(row.id, { name: row.name, region: row.region }, null);
}

/** A locked instance lets nobody dial, and ends what is running. */
export async function setLocked(change: Change, row: InstanceRow, locked: boolean): Promise<void> {
  await change.tx
    .updateTable("instance")
    .set({ locked: Number(locked) })
    .where("id", "=", row.id)
    .execute();
  if (locked) await endSessionsOf(change, row.id, "instance_locked", "The administrator has locked this intranet.");
  await change.audit(row.id, { locked: row.locked === 1 }, { locked });
}

/** From its end, or from now if that has passed. */
export async function renewInstance(change: Change, row: InstanceRow, months: number): Promise<number> {
  const from = Math.max(row.end_time ?? change.now, change.now);
  const end = addMonths(from, months);
  await change.tx.updateTable("instance").set({ end_time: end }).where("id", "=", row.id).execute();
  change.after(async () => change.context.sweeper.by(end));
  await change.audit(row.id, { endTime: row.end_time }, { endTime: end });
  return end;
}
