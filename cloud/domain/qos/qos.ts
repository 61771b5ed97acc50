import { newId } from "../../base/ids.ts";
import type { Db } from "../../store/db.ts";
import { lockQos } from "../../store/locks.ts";
import * as store from "../../store/queries/qos.ts";
import type { Qos } from "../../store/shapes-traffic.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

/**
 * A QoS policy of this product account; outside `region` it is refused with another error than "not found", because clients treat that
 * as deleted.
 */
export async function ownQos(db: Db, tenant: Tenant, id: string, region?: string): Promise<Qos> {
  const row = await store.findQos(db, id);
  if (row?.tenantId !== tenant.id) throw violation("no-qos", { qos: id });
  if (region !== undefined && row.region !== region) {
    throw violation("qos-elsewhere", { qos: id, region: row.region, wanted: region });
  }
  return row;
}

export async function createQos(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; description: string; region: string },
): Promise<Qos> {
  const { tx, now } = change;
  await requireQuota(tx, tenant.id, "qos-per-account", "qos", (limit) => violation("qos-limit", { limit }));
  const row: Qos = { id: newId("qos"), tenantId: tenant.id, createdAt: now, ...wanted };
  await store.insertQos(tx, row);
  await change.audit(row.id, null, wanted);
  return row;
}

/** undefined = unchanged. */
export async function modifyQos(
  change: Change,
  qos: Qos,
  wanted: { name?: string | undefined; description?: string | undefined },
): Promise<Qos> {
  const before = { name: qos.name, description: qos.description };
  const after = { name: wanted.name ?? qos.name, description: wanted.description ?? qos.description };
  if (wanted.name !== undefined || wanted.description !== undefined) await store.updateQos(change.tx, qos.id, wanted);
  await change.audit(qos.id, before, after);
  return { ...qos, ...after };
}

/** Deletes a QoS policy that no instance has, with its rules. */
export async function deleteQos(change: Change, qos: Qos): Promise<void> {
  const { tx } = change;
  await lockQos(tx, qos.id);
  const used = await store.instanceWithQos(tx, qos.id);
  if (used !== undefined) throw violation("qos-in-use", { qos: qos.id, instance: used });
  await store.deleteQos(tx, qos.id);
  await change.audit(qos.id, { name: qos.name }, null);
}

/** Gives an instance a QoS policy; each instance can have only one. */
export async function associateQos(change: Change, tenant: Tenant, qos: Qos, instanceId: string): Promise<void> {
  const instance = await ownInstance(change.tx, tenant, instanceId);
  if (qos.region !== instance.region) {
    throw violation("qos-region", { qos: qos.id, region: qos.region, instance: instance.region });
  }
  const { qosId, added } = await store.associateQos(change.tx, instanceId, qos.id);
  if (!added) {
    throw violation(qosId === qos.id ? "qos-associated" : "qos-per-instance", { instance: instanceId, qos: qosId });
  }
  await change.audit(instanceId, { qos: null }, { qos: qos.id });
  change.networks();
}

export async function disassociateQos(change: Change, tenant: Tenant, qos: Qos, instanceId: string): Promise<void> {
  await ownInstance(change.tx, tenant, instanceId);
  if (!(await store.disassociateQos(change.tx, instanceId, qos.id))) {
    throw violation("qos-not-associated", { qos: qos.id, instance: instanceId });
  }
  await change.audit(instanceId, { qos: qos.id }, { qos: null });
  change.networks();
}
