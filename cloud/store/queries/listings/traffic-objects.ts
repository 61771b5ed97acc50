import type { Db } from "../../db.ts";
import { query } from "../../kysely.ts";
import * as shapes from "../../shapes-traffic.ts";
import { byPriority, containing, type Page, type PageWish, pageInOrder, pageOf, type Reader } from "./pages.ts";

export function qosPage(
  db: Db,
  reader: Reader,
  filter: {
    tenantId: string;
    region?: string | undefined;
    ids?: readonly string[] | undefined;
    namePart?: string | undefined;
  },
  wish: PageWish,
): Promise<Page<shapes.Qos>> {
  let rows = query(db).selectFrom("qos").select(shapes.qos.columns).where("tenant_id", "=", filter.tenantId);
  if (filter.region) rows = rows.where("region", "=", filter.region);
  if (filter.ids) rows = rows.where("id", "in", filter.ids);
  if (filter.namePart) rows = rows.where(containing("name", filter.namePart));
  return pageOf(reader, rows, "qos", wish);
}

/** Instances that have any of these QoS policies. */
export async function usesOfQos(db: Db, qosIds: readonly string[]): Promise<{ qosId: string; instanceId: string }[]> {
  if (qosIds.length === 0) return [];
  return query(db)
    .selectFrom("qos_instance")
    .select(["qos_id as qosId", "instance_id as instanceId"])
    .where("qos_id", "in", qosIds)
    .orderBy("instance_id")
    .execute();
}

/** Throttling rules of a QoS policy by priority. */
export function qosCarPage(
  db: Db,
  reader: Reader,
  qosId: string,
  filter: { id?: string | undefined; descriptionPart?: string | undefined; order: "asc" | "desc" },
  wish: PageWish,
): Promise<Page<shapes.QosCar>> {
  let rows = query(db).selectFrom("qos_car").select(shapes.qosCar.columns).where("qos_id", "=", qosId);
  const { descriptionPart: part } = filter;
  if (filter.id) rows = rows.where("id", "=", filter.id);
  if (part) rows = rows.where(containing("description", part));
  return pageInOrder(reader, rows, byPriority(filter.order), wish);
}

/** Classification rules of a QoS policy by priority. */
export function qosPolicyPage(
  db: Db,
  reader: Reader,
  qosId: string,
  filter: { id?: string | undefined; descriptionPart?: string | undefined; priority?: number | undefined },
  wish: PageWish,
): Promise<Page<shapes.QosPolicy>> {
  let rows = query(db).selectFrom("qos_policy").select(shapes.qosPolicy.columns).where("qos_id", "=", qosId);
  const { descriptionPart: part } = filter;
  if (filter.id) rows = rows.where("id", "=", filter.id);
  if (part) rows = rows.where(containing("description", part));
  if (filter.priority !== undefined) rows = rows.where("priority", "=", filter.priority);
  return pageInOrder(reader, rows, byPriority("asc"), wish);
}

export interface FlowLogFilter {
  region?: string | undefined;
  id?: string | undefined;
  namePart?: string | undefined;
  descriptionPart?: string | undefined;
  outputType?: string | undefined;
  active?: boolean | undefined;
}

export function flowLogPage(
  db: Db,
  reader: Reader,
  tenantId: string,
  filter: FlowLogFilter,
  wish: PageWish,
): Promise<Page<shapes.FlowLog>> {
  let rows = query(db).selectFrom("flow_log").select(shapes.flowLog.columns).where("tenant_id", "=", tenantId);
  const { namePart, descriptionPart } = filter;
  if (filter.region) rows = rows.where("region", "=", filter.region);
  if (filter.id) rows = rows.where("id", "=", filter.id);
  if (namePart) rows = rows.where(containing("name", namePart));
  if (descriptionPart) rows = rows.where(containing("description", descriptionPart));
  if (filter.outputType) rows = rows.where("output_type", "=", filter.outputType);
  if (filter.active !== undefined) rows = rows.where("active", "=", Number(filter.active));
  return pageOf(reader, rows, "flow_log", wish);
}

/** Instances that have any of these flow logs. */
export async function usesOfFlowLogs(db: Db, ids: readonly string[]): Promise<{ flowLogId: string }[]> {
  if (ids.length === 0) return [];
  return query(db)
    .selectFrom("flow_log_instance")
    .select("flow_log_id as flowLogId")
    .where("flow_log_id", "in", ids)
    .execute();
}

/**
 * A product account's instances with a flow log: with the one given, or if it is undefined with any. `flowLogId` null = those without
 * one.
 */
export function flowLogInstancePage(
  db: Db,
  reader: Reader,
  filter: { tenantId: string; region?: string | undefined; flowLogId?: string | null | undefined },
  wish: PageWish,
): Promise<Page<{ id: string; name: string; description: string; createdAt: number }>> {
  const { flowLogId } = filter;
  let having = query(db).selectFrom("flow_log_instance").select("instance_id");
  if (typeof flowLogId === "string") having = having.where("flow_log_id", "=", flowLogId);
  let rows = query(db)
    .selectFrom("instance")
    .select(["instance.id", "instance.name", "instance.description", "instance.created_at as createdAt"])
    .where("instance.tenant_id", "=", filter.tenantId)
    .where("instance.id", flowLogId === null ? "not in" : "in", having);
  if (filter.region) rows = rows.where("instance.region", "=", filter.region);
  return pageOf(reader, rows, "instance", wish);
}
