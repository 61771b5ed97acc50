import { newId } from "../../base/ids.ts";
import { parseIp } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockFlowLog } from "../../store/locks.ts";
import * as store from "../../store/queries/flow-logs.ts";
import type { FlowLog } from "../../store/shapes-traffic.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { canBeInside } from "../limits/inside.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { profileChanged } from "../sessions/profile.ts";
import type { Tenant } from "../tenants/tenants.ts";

/**
 * A flow log of this product account; outside `region` it is refused with another error than "not found", because clients treat that
 * as deleted.
 */
export async function ownFlowLog(db: Db, tenant: Tenant, id: string, region?: string): Promise<FlowLog> {
  const row = await store.findFlowLog(db, id);
  if (row?.tenantId !== tenant.id) throw violation("no-flow-log", { id });
  if (region !== undefined && row.region !== region) {
    throw violation("flow-log-elsewhere", { id, region: row.region, wanted: region });
  }
  return row;
}

/** Values of a flow log. Agings in seconds; "" = not set. */
export type FlowLogValues = Omit<FlowLog, "id" | "tenantId" | "region" | "active" | "createdAt">;

/** Values that the product documents for what is not given. The output type has none there. */
export const flowLogDefaults: FlowLogValues = {
  name: "",
  description: "",
  outputType: "netflow",
  activeAging: 300,
  inactiveAging: 15,
  netflowServerIp: "",
  netflowServerPort: 9_995,
  netflowVersion: "V9",
  slsRegion: "",
  projectName: "",
  logstoreName: "",
};

/** Refuses an address that no collector can have, and a destination that the output type needs and lacks. */
function requireDestination({ isDefault }: Tenant, values: FlowLogValues): void {
  const server = values.netflowServerIp;
  if (server !== "" && !(parseIp(server) && (canBeInside(server) || (isDefault && isLoopback(server))))) {
    throw violation("netflow-server");
  }
  if (values.outputType !== "sls" && server === "") throw violation("netflow-server-missing");
  if (values.outputType === "netflow") return;
  if (values.projectName === "") throw violation("project-missing");
  if (values.logstoreName === "") throw violation("logstore-missing");
  if (values.slsRegion === "") throw violation("sls-region-missing");
}

/**
 * A collector may run on the access point's host. Only the default product account, which is the operator's own, may use it: another one
 * could make a shared access point send datagrams to programs of that host.
 */
const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";

export async function createFlowLog(
  change: Change,
  tenant: Tenant,
  region: string,
  values: FlowLogValues,
): Promise<FlowLog> {
  const { tx, now } = change;
  requireDestination(tenant, values);
  await requireQuota(tx, tenant.id, "flow-logs-per-account", "flow_log", (limit) =>
    violation("flow-log-limit", { limit }),
  );
  const row: FlowLog = { id: newId("fl"), tenantId: tenant.id, region, active: 1, createdAt: now, ...values };
  await store.insertFlowLog(tx, row);
  await change.audit(row.id, null, { region, ...values });
  return row;
}

export async function modifyFlowLog(
  change: Change,
  tenant: Tenant,
  { id }: FlowLog,
  wanted: Partial<FlowLogValues>,
): Promise<FlowLog> {
  await lockFlowLog(change.tx, id);
  const flowLog = await ownFlowLog(change.tx, tenant, id);
  const after = { ...flowLog, ...wanted };
  requireDestination(tenant, after);
  await store.updateFlowLog(change.tx, after);
  await change.audit(id, flowLog, after);
  await flowLogChanged(change, id);
  return after;
}

/** Deletes a flow log that no instance has. */
export async function deleteFlowLog(change: Change, flowLog: FlowLog): Promise<void> {
  const { tx } = change;
  const { id } = flowLog;
  await lockFlowLog(tx, id);
  const used = await store.instanceWithFlowLog(tx, id);
  if (used !== undefined) throw violation("flow-log-in-use", { id, instance: used });
  await store.deleteFlowLog(tx, id);
  await change.audit(id, { name: flowLog.name }, null);
}

/** Starts or stops a flow log; one in that state already is refused. */
export async function setFlowLogActive(change: Change, { id }: FlowLog, active: boolean): Promise<void> {
  if (!(await store.setFlowLogActive(change.tx, id, active))) {
    throw violation(active ? "flow-log-active" : "flow-log-inactive", { id });
  }
  await change.audit(id, { active: !active }, { active });
  await flowLogChanged(change, id);
}

/** Sends a changed flow log to the access points of its instances, after the commit. */
async function flowLogChanged(change: Change, id: string): Promise<void> {
  for (const instanceId of await store.instancesWithFlowLog(change.tx, id)) {
    change.after(() => profileChanged(change.context, instanceId));
  }
}

/** Gives an instance a flow log; each instance can have only one. Repeating it changes nothing. */
export async function associateFlowLog(
  change: Change,
  tenant: Tenant,
  flowLog: FlowLog,
  instanceId: string,
): Promise<void> {
  const { id, region } = flowLog;
  const instance = await ownInstance(change.tx, tenant, instanceId);
  if (region !== instance.region) throw violation("flow-log-region", { id, region, instance: instance.region });
  const { flowLogId, added } = await store.associateFlowLog(change.tx, instanceId, id);
  if (flowLogId !== id) throw violation("flow-log-per-instance", { instance: instanceId, id: flowLogId });
  if (!added) return;
  await change.audit(instanceId, { flowLog: null }, { flowLog: id });
  change.after(() => profileChanged(change.context, instanceId));
}

export async function disassociateFlowLog(
  change: Change,
  tenant: Tenant,
  { id }: FlowLog,
  instanceId: string,
): Promise<void> {
  await ownInstance(change.tx, tenant, instanceId);
  if (!(await store.disassociateFlowLog(change.tx, instanceId, id))) {
    throw violation("flow-log-not-associated", { id, instance: instanceId });
  }
  await change.audit(instanceId, { flowLog: id }, { flowLog: null });
  change.after(() => profileChanged(change.context, instanceId));
}
