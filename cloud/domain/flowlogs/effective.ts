import type { Db } from "../../store/db.ts";
import { flowLogOfInstance } from "../../store/queries/flow-logs.ts";
import type { FlowLog } from "../../store/shapes-traffic.ts";
import type { ExportedFlowLog } from "../../store/shared/exported-flow-log.ts";

/** The flow logs by which an instance's flows are reported now: the one that it has, if that is active. */
export async function effectiveFlowLogs(db: Db, instanceId: string): Promise<FlowLog[]> {
  const flowLog = await flowLogOfInstance(db, instanceId);
  return flowLog?.active === 1 ? [flowLog] : [];
}

/** The effective flow log of an instance as access points get it; null = none. */
export async function exportedFlowLog(db: Db, instanceId: string): Promise<ExportedFlowLog | null> {
  const [flowLog] = await effectiveFlowLogs(db, instanceId);
  if (!flowLog) return null;
  const { id, outputType, activeAging, inactiveAging, projectName, logstoreName } = flowLog;
  const { netflowServerIp: address, netflowServerPort: port, netflowVersion: version } = flowLog;
  return {
    id,
    collector: outputType === "sls" ? null : { address, port, version },
    logService: outputType === "netflow" ? null : { project: projectName, logstore: logstoreName },
    activeTimeout: activeAging,
    inactiveTimeout: inactiveAging,
  };
}
