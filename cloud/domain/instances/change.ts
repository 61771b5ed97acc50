import { lockInstance } from "../../store/locks.ts";
import { countAccounts } from "../../store/queries/accounts.ts";
import { deleteInstance, updateInstance } from "../../store/queries/instances.ts";
import type { Change } from "../change.ts";
import { type InstancePolicy, requirePolicy } from "../limits/policy.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { profileChanged } from "../sessions/profile.ts";
import type { InstanceRow } from "./own.ts";
import { policyOf } from "./pushed.ts";
import { endSessionsOf } from "./sessions.ts";

/** Adds calendar months to a time (epoch ms); the last day of the month if it has no such day. */
export function addMonths(at: number, months: number): number {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime();
}

/** Refuses a number of accounts that exceeds the quota of an instance. */
export async function requireUserCount(change: Change, tenantId: string, userCount: number): Promise<void> {
  const limit = await limitOf(change.tx, tenantId, "users-per-instance");
  if (userCount < 1 || userCount > limit) throw violation("user-count", { limit });
}

/** Changes the number of accounts up or down, but never below the number of existing accounts. */
export async function resizeInstance(
  change: Change,
  row: InstanceRow,
  wanted: { userCount: number; dataPlan: number; up: boolean },
): Promise<void> {
  const { tx } = change;
  const { userCount, up } = wanted;
  await lockInstance(tx, row.id);
  await requireUserCount(change, row.tenant_id, userCount);
  if (up ? userCount < row.user_count : userCount > row.user_count) {
    const direction = up ? "upgrade" : "downgrade";
    throw violation("user-count-direction", { now: row.user_count, direction, wanted: userCount });
  }
  const accounts = await countAccounts(tx, row.id);
  if (userCount < accounts) throw violation("user-count-accounts", { accounts });
  await updateInstance(tx, row.id, { user_count: userCount, data_plan: wanted.dataPlan });
}

/** undefined = unchanged. */
export interface InstanceWishes {
  name?: string | undefined;
  description?: string | undefined;
  position?: string | undefined;
  routingStrategy?: string | undefined;
  securityLockThreshold?: number | undefined;
  connectionAudit?: boolean | undefined;
}

export async function modifyInstance(change: Change, row: InstanceRow, wanted: InstanceWishes): Promise<InstanceRow> {
  const set = {
    name: wanted.name ?? row.name,
    description: wanted.description ?? row.description,
    position: wanted.position ?? row.position,
    routing_strategy: wanted.routingStrategy ?? row.routing_strategy,
    security_lock_threshold: wanted.securityLockThreshold ?? row.security_lock_threshold,
    connection_audit: wanted.connectionAudit === undefined ? row.connection_audit : Number(wanted.connectionAudit),
  };
  await updateInstance(change.tx, row.id, set);
  change.after(() => profileChanged(change.context, row.id));
  return { ...row, ...set };
}

export async function setPolicy(
  change: Change,
  row: InstanceRow,
  wanted: Partial<InstancePolicy>,
): Promise<InstanceRow> {
  const policy = requirePolicy({ ...policyOf(row), ...wanted });
  const set = {
    full_tunnel: Number(policy.fullTunnel),
    lockdown: Number(policy.lockdown),
    lease_seconds: policy.leaseSeconds,
    sign_in_seconds: policy.signInSeconds,
    devices_per_account: policy.devicesPerAccount,
    second_factor_required: Number(policy.secondFactorRequired),
  };
  await updateInstance(change.tx, row.id, set);
  change.after(() => profileChanged(change.context, row.id));
  return { ...row, ...set };
}

/** Deletes an instance with its accounts and settings; their traffic records are kept. */
export async function removeInstance(
  change: Change,
  row: InstanceRow,
  { withAccounts, whileBound }: { withAccounts: boolean; whileBound: boolean },
): Promise<void> {
  const { tx } = change;
  if (row.bound_ccn_id !== null && !whileBound) throw violation("instance-bound", { ccn: row.bound_ccn_id });
  const accounts = await countAccounts(tx, row.id);
  if (accounts > 0 && !withAccounts) throw violation("instance-has-accounts", { name: row.name, accounts });
  await endSessionsOf(change, row.id, { cause: "sign_in_expired", reason: "instance_gone", text: "" });
  await deleteInstance(tx, row.id);
}

/** Locking an instance ends its sessions and refuses new ones. */
export async function setLocked(change: Change, row: InstanceRow, locked: boolean): Promise<void> {
  await updateInstance(change.tx, row.id, { locked: Number(locked) });
  if (locked) await endSessionsOf(change, row.id, { cause: "instance_locked", reason: "instance_locked", text: "" });
}

/** Makes the instance unlimited in time. */
export async function removeEnd(change: Change, row: InstanceRow): Promise<void> {
  await updateInstance(change.tx, row.id, { end_time: null });
}

/**
 * Extends the term from its end, or from now if it has already ended. Refuses an instance without an end, which renewing would limit.
 */
export async function renewInstance(change: Change, row: InstanceRow, months: number): Promise<number> {
  if (row.end_time === null) throw violation("instance-without-end", { name: row.name });
  const end = addMonths(Math.max(row.end_time, change.now), months);
  await updateInstance(change.tx, row.id, { end_time: end });
  change.after(async () => change.context.sweeper.by(end));
  return end;
}
