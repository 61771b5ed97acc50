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
import { ownInstance } from "../../../../domain/instances/own.ts";
import { limitOf } from "../../../../domain/quotas/limits.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
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
import { describe, details, told } from "./instance-view.ts";

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
