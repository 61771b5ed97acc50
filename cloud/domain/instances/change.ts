import { lockInstance } from "../../store/locks.ts";
import { countAccounts } from "../../store/queries/accounts.ts";
import { deleteInstance, updateInstance } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import { type InstancePolicy, requirePolicy } from "../limits/policy.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { profileChanged } from "../sessions/profile.ts";
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
  row: Instance,
  wanted: { userCount: number; dataPlan: number; up: boolean },
): Promise<void> {
  const { tx } = change;
  const { userCount, up } = wanted;
  await lockInstance(tx, row.id);
  await requireUserCount(change, row.tenantId, userCount);
  if (up ? userCount < row.userCount : userCount > row.userCount) {
    const direction = up ? "upgrade" : "downgrade";
    throw violation("user-count-direction", { now: row.userCount, direction, wanted: userCount });
  }
  const accounts = await countAccounts(tx, row.id);
  if (userCount < accounts) throw violation("user-count-accounts", { accounts });
  await updateInstance(tx, row.id, { userCount, dataPlan: wanted.dataPlan });
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

export async function modifyInstance(change: Change, row: Instance, wanted: InstanceWishes): Promise<Instance> {
  const set = {
    name: wanted.name ?? row.name,
    description: wanted.description ?? row.description,
    position: wanted.position ?? row.position,
    routingStrategy: wanted.routingStrategy ?? row.routingStrategy,
    securityLockThreshold: wanted.securityLockThreshold ?? row.securityLockThreshold,
    connectionAudit: wanted.connectionAudit === undefined ? row.connectionAudit : Number(wanted.connectionAudit),
  };
  await updateInstance(change.tx, row.id, set);
  change.after(() => profileChanged(change.context, row.id));
  return { ...row, ...set };
}

export async function setPolicy(change: Change, row: Instance, wanted: Partial<InstancePolicy>): Promise<Instance> {
  const policy = requirePolicy({ ...policyOf(row), ...wanted });
  const set = {
    fullTunnel: Number(policy.fullTunnel),
    lockdown: Number(policy.lockdown),
    leaseSeconds: policy.leaseSeconds,
    signInSeconds: policy.signInSeconds,
    devicesPerAccount: policy.devicesPerAccount,
    secondFactorRequired: Number(policy.secondFactorRequired),
    bandwidth: policy.bandwidth,
  };
  await updateInstance(change.tx, row.id, set);
  change.after(() => profileChanged(change.context, row.id));
  return { ...row, ...set };
}

/** Deletes an instance with its accounts and settings; their traffic records are kept. */
export async function removeInstance(
  change: Change,
  row: Instance,
  { withAccounts, whileBound }: { withAccounts: boolean; whileBound: boolean },
): Promise<void> {
  const { tx } = change;
  if (row.boundCcnId !== null && !whileBound) throw violation("instance-bound", { ccn: row.boundCcnId });
  const accounts = await countAccounts(tx, row.id);
  if (accounts > 0 && !withAccounts) throw violation("instance-has-accounts", { name: row.name, accounts });
  await endSessionsOf(change, row.id, { cause: "sign_in_expired", reason: "instance_gone", text: "" });
  await deleteInstance(tx, row.id);
}

/** Locking an instance ends its sessions and refuses new ones. */
export async function setLocked(change: Change, row: Instance, locked: boolean): Promise<void> {
  await updateInstance(change.tx, row.id, { locked: Number(locked) });
  if (locked) await endSessionsOf(change, row.id, { cause: "instance_locked", reason: "instance_locked", text: "" });
}

/** Makes the instance unlimited in time. */
export async function removeEnd(change: Change, row: Instance): Promise<void> {
  await updateInstance(change.tx, row.id, { endTime: null });
}

/**
 * Extends the term from its end, or from now if it has already ended. Refuses an instance without an end, which renewing would limit.
 */
export async function renewInstance(change: Change, row: Instance, months: number): Promise<number> {
  if (row.endTime === null) throw violation("instance-without-end", { name: row.name });
  const end = addMonths(Math.max(row.endTime, change.now), months);
  await updateInstance(change.tx, row.id, { endTime: end });
  change.after(async () => change.context.sweeper.by(end));
  return end;
}
