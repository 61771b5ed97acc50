import { sql } from "kysely";
import type { InstanceRow } from "../../../../domain/instances/own.ts";
import type { Answer, Call } from "../protocol/operation.ts";
import { contains, pageOf } from "./common.ts";

/** What the product says of an instance's state, from ours. */
export function statusOf(row: InstanceRow, now: number): "Active" | "Offline" {
  return row.locked === 1 || (row.end_time !== null && row.end_time <= now) ? "Offline" : "Active";
}

interface Details {
  cidrs: string[];
  aclIds: string[];
  ccnName: string;
}

export async function details(call: Call, rows: readonly InstanceRow[]): Promise<Map<string, Details>> {
  const db = call.context.store;
  const ids = rows.map((row) => row.id);
  const out = new Map<string, Details>(ids.map((key) => [key, { cidrs: [], aclIds: [], ccnName: "" }]));
  if (ids.length === 0) return out;
  const cidrs = db.selectFrom("instance_cidr").selectAll().where("instance_id", "in", ids).orderBy("position");
  for (const row of await cidrs.execute()) out.get(row.instance_id)?.cidrs.push(row.cidr);
  const acls = db.selectFrom("acl_instance").selectAll().where("instance_id", "in", ids);
  for (const row of await acls.execute()) out.get(row.instance_id)?.aclIds.push(row.acl_id);
  const ccns = await db
    .selectFrom("instance")
    .innerJoin("ccn", "ccn.id", "instance.bound_ccn_id")
    .select(["instance.id", "ccn.name"])
    .where("instance.id", "in", ids)
    .execute();
  for (const row of ccns) {
    const detail = out.get(row.id);
    if (detail) detail.ccnName = row.name;
  }
  return out;
}

/** What list and attribute have in common. */
export function told(row: InstanceRow, detail: Details | undefined, now: number): Answer {
  return {
    SmartAGId: row.id,
    Name: row.name,
    Description: row.description,
    Status: statusOf(row, now),
    CidrBlock: (detail?.cidrs ?? []).join(","),
    AssociatedCcnId: row.bound_ccn_id ?? "",
    AssociatedCcnName: detail?.ccnName ?? "",
    CreateTime: row.created_at,
    ...(row.end_time === null ? {} : { EndTime: row.end_time }),
    UserCount: row.user_count,
    DataPlan: row.data_plan,
    EnableSoftwareConnectionAudit: row.connection_audit === 1,
    RoutingStrategy: row.routing_strategy,
    Position: row.position,
    ResourceGroupId: "",
    MaxBandwidth: "",
    City: "",
    SerialNumber: "",
    AccelerateBandwidth: 0,
    VpnStatus: row.locked ? "Down" : "Up",
    ...(row.security_lock_threshold === null ? {} : { SecurityLockThreshold: row.security_lock_threshold }),
    ...(row.access_point_number === null ? {} : { AccessPointId: String(row.access_point_number) }),
  };
}

export async function describe(call: Call, values: DescribeValues): Promise<Answer> {
  const { context, caller } = call;
  const db = context.store;
  const now = context.clock.now();
  let query = db.selectFrom("instance").selectAll("instance").where("instance.tenant_id", "=", caller.tenant.id);
  if (values.RegionId) query = query.where("instance.region", "=", values.RegionId);
  if (values.SmartAGId) query = query.where("instance.id", "=", values.SmartAGId);
  if (values.SerialNumber) query = query.where("instance.id", "=", values.SerialNumber);
  if (values.SmartAGIds) query = query.where("instance.id", "in", values.SmartAGIds);
  if (values.Name) query = query.where(sql<boolean>`instance.name like ${contains(values.Name)} escape '\\'`);
  if (values.AssociatedCcnId) query = query.where("instance.bound_ccn_id", "=", values.AssociatedCcnId);
  if (values.AssociatedCcnName !== undefined) {
    const named = db.selectFrom("ccn").select("id").where("name", "=", values.AssociatedCcnName);
    query = query.where("instance.bound_ccn_id", "in", named);
  }
  const having = (acls: string) =>
    db.selectFrom("acl_instance").select("instance_id").where("acl_id", "in", acls.split(","));
  if (values.AclIds) query = query.where("instance.id", "in", having(values.AclIds));
  if (values.UnboundAclIds) query = query.where("instance.id", "not in", having(values.UnboundAclIds));
  const down = sql<boolean>`(instance.locked = 1 or coalesce(instance.end_time, ${Number.MAX_SAFE_INTEGER}) <= ${now})`;
  if (values.Status === "Active" || values.BusinessState === "Normal") query = query.where(sql<boolean>`not ${down}`);
  else if (values.Status === "Offline" || values.BusinessState === "Arrearage") query = query.where(down);
  else if (values.Status !== undefined) query = query.where(sql<boolean>`false`);
  if (values.HardwareType !== undefined && values.HardwareType !== "sag-software")
    query = query.where(sql<boolean>`false`);
  if (values.CanAssociateQos === true) query = query.where(sql<boolean>`false`);
  const page = await pageOf(call, query, "instance", values);
  const more = await details(call, page.rows);
  const gateways = page.rows.map((row) => ({
    ...told(row, more.get(row.id), now),
    HardwareVersion: "sag-software",
    EnterpriseCode: row.enterprise_code,
    SmartAGUid: caller.tenant.uid,
    AclIds: (more.get(row.id)?.aclIds ?? []).join(","),
    QosIds: "",
    ApplicationBandwidthPackageId: "",
    Links: { Link: [] },
  }));
  return { ...page.told, SmartAccessGateways: { SmartAccessGateway: gateways } };
}

interface DescribeValues {
  RegionId: string | undefined;
  SmartAGId: string | undefined;
  SmartAGIds: string[] | undefined;
  SerialNumber: string | undefined;
  Name: string | undefined;
  AssociatedCcnId: string | undefined;
  AssociatedCcnName: string | undefined;
  AclIds: string | undefined;
  UnboundAclIds: string | undefined;
  Status: string | undefined;
  BusinessState: string | undefined;
  HardwareType: string | undefined;
  CanAssociateQos: boolean | undefined;
  PageNumber: number | undefined;
  PageSize: number | undefined;
}
