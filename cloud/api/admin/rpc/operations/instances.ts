import { sql } from "kysely";
import { regions, shareCcnArea } from "../../../../domain/areas/regions.ts";
import { ownCcn } from "../../../../domain/ccn/ccn.ts";
import {
  modifyInstance,
  orderInstance,
  removeInstance,
  resizeInstance,
  setLocked,
} from "../../../../domain/instances/administer.ts";
import { type InstanceRow, ownInstance } from "../../../../domain/instances/own.ts";
import { limitOf } from "../../../../domain/quotas/limits.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { type Answer, type Call, group, type Operation } from "../protocol/operation.ts";
import { unsupportedNames } from "../unsupported.ts";
import {
  ccnId,
  contains,
  id,
  inRegion,
  list,
  pageOf,
  paging,
  region,
  required,
  sagId,
  text,
  truth,
  whole,
} from "./common.ts";

const operation = group("smartag", "instances");

const order = {
  RegionId: inRegion,
  UserCount: required(
    whole({ min: 1, max: 1_000_000, invalid: "SAG.InvalidUserCount", rule: "1-2000 (quota users-per-instance)" }),
  ),
  DataPlan: required(whole({ oneOf: [5], invalid: "SAG.InvalidDataPlan", rule: "5 (GB per account and month)" })),
  AutoPay: required(truth()),
};
const months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36];

/** What the product says of an instance's state, from ours. */
export function statusOf(row: InstanceRow, now: number): "Active" | "Offline" {
  return row.locked === 1 || (row.end_time !== null && row.end_time <= now) ? "Offline" : "Active";
}

interface Details {
  cidrs: string[];
  aclIds: string[];
  ccnName: string;
}

async function details(call: Call, rows: readonly InstanceRow[]): Promise<Map<string, Details>> {
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
function told(row: InstanceRow, detail: Details | undefined, now: number): Answer {
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

async function describe(call: Call, values: DescribeValues): Promise<Answer> {
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

export const instanceOperations: Operation[] = [
  operation("CreateSmartAccessGatewaySoftware", {
    access: "write",
    summary: "Orders a software instance; it is bound to no CCN and has no address blocks yet.",
    parameters: {
      ...order,
      ChargeType: required(text({ oneOf: ["PREPAY"] })),
      Period: required(whole({ oneOf: months, rule: "1-9, 12, 24 or 36 months" })),
    },
    async run(call, v) {
      const wanted = { region: v.RegionId, userCount: v.UserCount, dataPlan: v.DataPlan, months: v.Period };
      const row = await call.change((change) => orderInstance(change, call.caller.tenant, wanted));
      return { SmartAGId: row.id, OrderId: row.id.replace("sag-", ""), ResourceGroupId: "" };
    },
  }),
  ...(["Upgrade", "Downgrade"] as const).map((verb) =>
    operation(`${verb}SmartAccessGatewaySoftware`, {
      access: "write",
      summary: `${verb === "Upgrade" ? "Raises" : "Lowers"} the number of client accounts an instance is for.`,
      parameters: { ...order, SmartAGId: required(sagId) },
      async run(call, v) {
        const wanted = { instanceId: v.SmartAGId, region: v.RegionId, userCount: v.UserCount, dataPlan: v.DataPlan };
        await call.change((change) =>
          resizeInstance(change, call.caller.tenant, { ...wanted, up: verb === "Upgrade" }),
        );
        return { OrderId: v.SmartAGId.replace("sag-", "") };
      },
    }),
  ),
  operation("DescribeSmartAccessGateways", {
    access: "accounts-read",
    summary: "Lists instances.",
    parameters: {
      RegionId: region,
      SmartAGId: id,
      SmartAGIds: list(id),
      SerialNumber: id,
      Name: text({ max: 128 }),
      AssociatedCcnId: id,
      AssociatedCcnName: text({ max: 128 }),
      AclIds: text({ max: 1_000, rule: "ids separated by commas" }),
      UnboundAclIds: text({ max: 1_000, rule: "ids separated by commas" }),
      Status: text({ oneOf: ["Ordered", "Delivered", "Received", "Returning", "Active", "Init", "Offline"] }),
      BusinessState: text({ oneOf: ["Normal", "Arrearage"] }),
      InstanceType: text({ max: 64 }),
      HardwareType: text({ max: 64 }),
      SoftwareVersion: text({ max: 64 }),
      VersionComparator: text({ max: 16 }),
      ResourceGroupId: text({ max: 64 }),
      CanAssociateQos: truth(),
      ...paging,
    },
    run: describe,
  }),
  operation("DescribeSmartAccessGatewayAttribute", {
    access: "accounts-read",
    summary: "Describes one instance.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId) },
    async run(call, v) {
      const row = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      const detail = (await details(call, [row])).get(row.id);
      return {
        ...told(row, detail, call.context.clock.now()),
        InstanceType: "sag-software",
        AclIds: { AclId: detail?.aclIds ?? [] },
        QosIds: { QosId: [] },
        FlowLogIds: { FlowLogId: [] },
        Devices: { Device: [] },
        Links: { Link: [] },
      };
    },
  }),
  operation("ModifySmartAccessGateway", {
    access: "write",
    summary: "Changes name, description, private CIDR blocks and the like of an instance.",
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      Name: text({ min: 2, max: 128 }),
      Description: text({ min: 2, max: 256 }),
      CidrBlock: text({ max: 512, rule: "blocks separated by commas; at most 10 (quota cidrs-per-instance)" }),
      Position: text({ max: 128 }),
      RoutingStrategy: text({ oneOf: ["static", "dynamic"] }),
      SecurityLockThreshold: whole({ min: 0, max: 31_536_000 }),
      EnableSoftwareConnectionAudit: truth(),
    },
    async run(call, v) {
      await call.change(async (change) => {
        const row = await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId);
        await modifyInstance(change, call.caller.tenant, row, {
          name: v.Name,
          description: v.Description,
          cidrBlock: v.CidrBlock,
          position: v.Position,
          routingStrategy: v.RoutingStrategy,
          securityLockThreshold: v.SecurityLockThreshold,
          connectionAudit: v.EnableSoftwareConnectionAudit,
        });
      });
      return {};
    },
  }),
  operation("DeleteSmartAccessGateway", {
    access: "write",
    summary: "Deletes an instance that is bound to no CCN, with its accounts; what they have used stays on record.",
    parameters: { RegionId: region, InstanceId: required(sagId) },
    async run(call, v) {
      await call.change(async (change) => {
        const row = await ownInstance(change.tx, call.caller.tenant, v.InstanceId, v.RegionId);
        if (row.bound_ccn_id !== null) {
          throw new ApiFailure("AlreadyBound.CCN", `The instance is bound to ${row.bound_ccn_id}; unbind it first.`);
        }
        await removeInstance(change, row);
      });
      return {};
    },
  }),
  operation("UnlockSmartAccessGateway", {
    access: "write",
    summary: "Unlocks an instance that was locked.",
    parameters: { RegionId: region, SmartAGId: required(sagId) },
    async run(call, v) {
      await call.change(async (change) => {
        await setLocked(change, await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId), false);
      });
      return {};
    },
  }),
  operation("DescribeRegions", {
    access: "accounts-read",
    summary: "Lists the regions.",
    parameters: { AcceptLanguage: text({ max: 16 }) },
    async run() {
      const Region = regions.map(({ id: RegionId, name }) => ({ RegionId, LocalName: name, RegionEndpoint: "" }));
      return { Regions: { Region } };
    },
  }),
  operation("DescribeBindableSmartAccessGateways", {
    access: "read",
    summary:
      "Lists the instances that can be bound to a CCN: of its area, bound to none; or those of other accounts that were granted.",
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      SmartAGId: id,
      Name: text({ max: 128 }),
      CrossAccount: truth(),
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      const ccn = await ownCcn(db, call.caller.tenant, v.CcnId);
      const area = regions.filter((r) => shareCcnArea(r.id, ccn.region)).map((r) => r.id);
      let query = db
        .selectFrom("instance")
        .innerJoin("tenant", "tenant.id", "instance.tenant_id")
        .select(["instance.id", "instance.name", "instance.created_at", "tenant.uid"])
        .where("instance.bound_ccn_id", "is", null)
        .where("instance.region", "in", area);
      query = v.CrossAccount
        ? query.where(
            "instance.id",
            "in",
            db.selectFrom("grant_sag").select("instance_id").where("ccn_id", "=", ccn.id),
          )
        : query.where("instance.tenant_id", "=", call.caller.tenant.id);
      if (v.SmartAGId) query = query.where("instance.id", "=", v.SmartAGId);
      if (v.Name) query = query.where(sql<boolean>`instance.name like ${contains(v.Name)} escape '\\'`);
      const page = await pageOf(call, query, "instance", v);
      const SmartAccessGateway = page.rows.map((row) => ({
        SmartAGId: row.id,
        Name: row.name,
        SmartAGUid: row.uid ?? 0,
      }));
      return { ...page.told, SmartAccessGateways: { SmartAccessGateway } };
    },
  }),
  operation("GetSmartAccessGatewayUseLimit", {
    access: "read",
    summary: "Tells how many instances there may be and are.",
    parameters: { RegionId: inRegion },
    async run(call) {
      const db = call.context.store;
      const { used } = await db
        .selectFrom("instance")
        .select((e) => e.fn.countAll<number>().as("used"))
        .where("tenant_id", "=", call.caller.tenant.id)
        .executeTakeFirstOrThrow();
      return {
        TotalAmount: await limitOf(db, call.caller.tenant.id, "instances-per-account"),
        UsedAmount: Number(used),
      };
    },
  }),
  operation("ListSmartAGApiUnsupportedFeature", {
    access: "read",
    summary: "Tells what is not offered: of one operation, or with OpenApiName=* of all.",
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      SerialNumber: required(id),
      OpenApiName: required(text({ max: 128 })),
    },
    async run(call, v) {
      await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      const names = unsupportedNames.filter((name) => v.OpenApiName === "*" || name === v.OpenApiName);
      return { Features: names.map((Feature) => ({ Feature })) };
    },
  }),
];
