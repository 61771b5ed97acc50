import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type FlowLogCounters as CountersMessage,
  FlowLog_Netflow,
  type FlowLogSchema,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import type { FlowLogCounters } from "../../domain/accesspoints/registry.ts";
import type { ExportedFlowLog } from "../../store/shared/exported-flow-log.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import { toDuration } from "../http/duration.ts";

const versions: Record<string, FlowLog_Netflow> = {
  V5: FlowLog_Netflow.V5,
  V9: FlowLog_Netflow.V9,
  V10: FlowLog_Netflow.IPFIX,
};

/** The flow logs of peers, each once. */
export function flowLogsOf(peers: readonly DesiredPeer[]): MessageInitShape<typeof FlowLogSchema>[] {
  const all = new Map<string, ExportedFlowLog>();
  for (const { flowLog } of peers) if (flowLog) all.set(flowLog.id, flowLog);
  return [...all.values()].map(flowLogMessage);
}

function flowLogMessage(flowLog: ExportedFlowLog): MessageInitShape<typeof FlowLogSchema> {
  const { id, collector, logService, activeTimeout, inactiveTimeout } = flowLog;
  return {
    id,
    netflow: versions[collector?.version ?? ""] ?? FlowLog_Netflow.UNSPECIFIED,
    collectorAddress: collector?.address ?? "",
    collectorPort: collector?.port ?? 0,
    jsonLines: logService !== null,
    project: logService?.project ?? "",
    logstore: logService?.logstore ?? "",
    activeTimeout: toDuration(activeTimeout * 1_000),
    inactiveTimeout: toDuration(inactiveTimeout * 1_000),
  };
}

/** Counters of flow logs, which an access point reports. */
export function flowLogCounters(reported: readonly CountersMessage[]): FlowLogCounters[] {
  return reported.map((c) => ({
    flowLog: c.flowLogId,
    outcomes: {
      sent: Number(c.sent),
      lost: Number(c.lost),
      skipped: Number(c.skipped),
      written: Number(c.written),
      unwritten: Number(c.unwritten),
      evicted: Number(c.evicted),
    },
  }));
}
