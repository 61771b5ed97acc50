import type { Db } from "../../store/db.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import {
  type FlowLogFilter,
  flowLogInstancePage,
  flowLogPage,
  usesOfFlowLogs,
} from "../../store/queries/listings/traffic-objects.ts";
import type { FlowLog } from "../../store/shapes-traffic.ts";
import { type AccessPoints, type FlowLogCounters, recordsOf } from "../accesspoints/registry.ts";

/** A flow log as its owner sees it. Agings in seconds; "" = not set. */
export type FlowLogView = Omit<FlowLog, "tenantId" | "active" | "createdAt"> & { active: boolean };

export const viewFlowLog = ({ tenantId: _tenant, createdAt: _created, ...flowLog }: FlowLog): FlowLogView => ({
  ...flowLog,
  active: flowLog.active === 1,
});

export interface ListedFlowLog extends FlowLogView {
  /** Number of instances that have it. */
  instances: number;
  /** What became of its records, since the access points started or got it. */
  records: FlowLogCounters["outcomes"];
}

export async function listFlowLogs(
  db: Db,
  accessPoints: AccessPoints,
  reader: Reader,
  tenantId: string,
  filter: FlowLogFilter,
  wish: PageWish,
): Promise<Page<ListedFlowLog>> {
  const page = await flowLogPage(db, reader, tenantId, filter, wish);
  const used = await usesOfFlowLogs(
    db,
    page.rows.map((row) => row.id),
  );
  const rows = page.rows.map((row) => ({
    ...viewFlowLog(row),
    instances: used.filter(({ flowLogId }) => flowLogId === row.id).length,
    records: recordsOf(accessPoints, row.id),
  }));
  return { ...page, rows };
}

/** An instance in a list of those with or without a flow log. */
export interface FlowLogInstance {
  id: string;
  name: string;
  description: string;
}

/** Instances with a flow log: with the one given, or if it is undefined with any. `flowLogId` null = those without one. */
export async function listFlowLogInstances(
  db: Db,
  reader: Reader,
  filter: Parameters<typeof flowLogInstancePage>[2],
  wish: PageWish,
): Promise<Page<FlowLogInstance>> {
  const page = await flowLogInstancePage(db, reader, filter, wish);
  return { ...page, rows: page.rows.map(({ id, name, description }) => ({ id, name, description })) };
}
