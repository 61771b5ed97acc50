import { newId } from "../../base/ids.ts";
import { parseCidr, withoutHostBits } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockQos, lockTenant } from "../../store/locks.ts";
import * as store from "../../store/queries/qos.ts";
import type { Qos, QosPolicy } from "../../store/shapes-traffic.ts";
import type { Change } from "../change.ts";
import { portsFault } from "../limits/ports.ts";
import { parseTime } from "../limits/times.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";

/** Values of a classification rule. Times are ISO 8601; "" = no bound. */
export type PolicyValues = Omit<QosPolicy, "id" | "qosId" | "createdAt">;

export async function policyOf(db: Db, qos: Qos, id: string): Promise<QosPolicy> {
  const row = await store.findPolicy(db, qos.id, id);
  if (!row) throw violation("no-qos-policy", { id });
  return row;
}

function requirePorts(rule: "qos-source-ports" | "qos-dest-ports", range: string, protocol: string): void {
  const fault = portsFault(range, protocol);
  if (fault === "form") throw violation(rule);
  if (fault === "protocol") throw violation(`${rule}-protocol`, { protocol });
}

function requirePolicy(policy: PolicyValues): void {
  if (!parseCidr(policy.sourceCidr)) throw violation("qos-source-cidr", { prefix: withoutHostBits(policy.sourceCidr) });
  if (!parseCidr(policy.destCidr)) throw violation("qos-dest-cidr", { prefix: withoutHostBits(policy.destCidr) });
  requirePorts("qos-source-ports", policy.sourcePorts, policy.protocol);
  requirePorts("qos-dest-ports", policy.destPorts, policy.protocol);
  const { startTime, endTime } = policy;
  const [start, end] = [parseTime(startTime), parseTime(endTime)];
  if (startTime !== "" && start === undefined) throw violation("qos-start-time");
  if (endTime !== "" && end === undefined) throw violation("qos-end-time");
  if (start !== undefined && end !== undefined && end <= start) throw violation("qos-times");
}

async function requireRoom(change: Change, qos: Qos, priority: number): Promise<void> {
  const { tx } = change;
  await requireQuota(
    tx,
    qos.tenantId,
    "policies-per-qos-priority",
    () => store.countPolicies(tx, qos.id, priority),
    (limit) => violation("qos-policy-limit", { limit, priority }),
  );
}

export async function createPolicy(change: Change, qos: Qos, values: PolicyValues): Promise<QosPolicy> {
  requirePolicy(values);
  await requireRoom(change, qos, values.priority);
  const row: QosPolicy = { id: newId("qospy"), qosId: qos.id, createdAt: change.now, ...values };
  await store.insertPolicy(change.tx, row);
  await change.audit(row.id, null, row);
  change.networks();
  return row;
}

export async function modifyPolicy(
  change: Change,
  qos: Qos,
  id: string,
  wanted: Partial<PolicyValues>,
): Promise<QosPolicy> {
  // The quota of the new priority locks the account, which comes before the policy in the order of locks.
  if (wanted.priority !== undefined) await lockTenant(change.tx, qos.tenantId);
  await lockQos(change.tx, qos.id);
  const policy = await policyOf(change.tx, qos, id);
  const after = { ...policy, ...wanted };
  requirePolicy(after);
  if (after.priority !== policy.priority) await requireRoom(change, qos, after.priority);
  await store.updatePolicy(change.tx, after);
  await change.audit(policy.id, policy, after);
  change.networks();
  return after;
}

export async function deletePolicy(change: Change, policy: QosPolicy): Promise<void> {
  if (!(await store.deletePolicy(change.tx, policy.id))) throw violation("no-qos-policy", { id: policy.id });
  await change.audit(policy.id, policy, null);
  change.networks();
}
