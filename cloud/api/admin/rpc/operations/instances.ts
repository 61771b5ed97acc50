import {
  ccnBindable,
  instanceDescribe,
  instanceLimit,
  instanceSearch,
} from "../../../../admin/commands/instance-reads.ts";
import {
  instanceDelete,
  instanceDowngrade,
  instanceOrder,
  instanceSet,
  instanceUnlock,
  instanceUpgrade,
} from "../../../../admin/commands/instances.ts";
import { say } from "../../../../base/say.ts";
import { regions } from "../../../../domain/areas/regions.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices, dataPlans, orderMonths, ranges } from "../../../../domain/limits/values.ts";
import { group, mapping, type Operation } from "../protocol/operation.ts";
import type { Values } from "../protocol/parameters.ts";
import { unsupportedNames } from "../unsupported.ts";
import {
  bool,
  ccnId,
  id,
  inRegion,
  list,
  noEffect,
  paging,
  placeOf,
  region,
  required,
  sagId,
  text,
  whole,
  wishOf,
} from "./common.ts";
import { commonAnswer, searchOf, software } from "./instance-view.ts";

const operation = group("smartag", "instances");
const mapped = mapping("smartag", "instances");

const order = {
  RegionId: inRegion,
  UserCount: required(whole({ invalid: "SAG.InvalidUserCount", rule: say("form_user_count") })),
  DataPlan: required(whole({ oneOf: dataPlans, invalid: "SAG.InvalidDataPlan", rule: say("form_data_plan") })),
  AutoPay: required(bool()),
};
const sized = { ...order, SmartAGId: required(sagId) };
const resizing = {
  parameters: sized,
  input: (v: Values<typeof sized>) => ({
    instance: { id: v.SmartAGId, region: v.RegionId },
    userCount: v.UserCount,
    dataPlan: v.DataPlan,
  }),
  answer: ({ id }: { id: string }) => ({ OrderId: id.replace("sag-", "") }),
};

export const instanceOperations: Operation[] = [
  mapped("CreateSmartAccessGatewaySoftware", {
    command: instanceOrder,
    parameters: {
      ...order,
      ChargeType: required(text({ oneOf: ["PREPAY"] })),
      Period: required(whole({ oneOf: orderMonths, rule: say("form_order_months") })),
    },
    input: (v) => ({ region: v.RegionId, userCount: v.UserCount, dataPlan: v.DataPlan, months: v.Period }),
    answer: ({ id }) => ({ SmartAGId: id, OrderId: id.replace("sag-", ""), ResourceGroupId: "" }),
  }),
  mapped("UpgradeSmartAccessGatewaySoftware", {
    command: instanceUpgrade,
    ...resizing,
  }),
  mapped("DowngradeSmartAccessGatewaySoftware", {
    command: instanceDowngrade,
    ...resizing,
  }),
  mapped("DescribeSmartAccessGateways", {
    command: instanceSearch,
    parameters: {
      RegionId: region,
      SmartAGId: id,
      SmartAGIds: list(id),
      SerialNumber: id,
      Name: text({ max: 128 }),
      AssociatedCcnId: id,
      AssociatedCcnName: text({ max: 128 }),
      AclIds: text({ max: 1_000, rule: say("form_ids") }),
      UnboundAclIds: text({ max: 1_000, rule: say("form_ids") }),
      Status: text({ oneOf: ["Ordered", "Delivered", "Received", "Returning", "Active", "Init", "Offline"] }),
      BusinessState: text({ oneOf: ["Normal", "Arrearage"] }),
      InstanceType: text({ max: 64 }),
      HardwareType: text({ max: 64 }),
      SoftwareVersion: text({ max: 64 }),
      VersionComparator: text({ max: 16 }),
      ResourceGroupId: text({ max: 64 }),
      CanAssociateQos: bool(),
      ...paging,
    },
    input: (v) => ({ ...searchOf(v), page: wishOf(v) }),
    answer: (page, _values, { caller }) => ({
      ...placeOf(page),
      SmartAccessGateways: {
        SmartAccessGateway: page.rows.map((instance) => ({
          ...commonAnswer(instance),
          HardwareVersion: software,
          EnterpriseCode: instance.enterpriseCode,
          SmartAGUid: caller.tenant.uid,
          AclIds: instance.acls.join(","),
          QosIds: instance.qos ?? "",
          ApplicationBandwidthPackageId: "",
          Links: { Link: [] },
        })),
      },
    }),
  }),
  mapped("DescribeSmartAccessGatewayAttribute", {
    command: instanceDescribe,
    parameters: { RegionId: inRegion, SmartAGId: required(sagId) },
    input: (v) => ({ instance: { id: v.SmartAGId, region: v.RegionId } }),
    answer: (instance) => ({
      ...commonAnswer(instance),
      InstanceType: software,
      AclIds: { AclId: instance.acls },
      QosIds: { QosId: instance.qos === null ? [] : [instance.qos] },
      FlowLogIds: { FlowLogId: instance.flowLog === null ? [] : [instance.flowLog] },
      Devices: { Device: [] },
      Links: { Link: [] },
    }),
  }),
  mapped("ModifySmartAccessGateway", {
    command: instanceSet,
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      Name: text(textRules.instanceName),
      Description: text(textRules.instanceDescription),
      CidrBlock: text({ max: 512, rule: say("form_instance_blocks") }),
      Position: text(textRules.instancePosition),
      RoutingStrategy: text({ oneOf: choices.routingStrategy }),
      SecurityLockThreshold: whole(ranges.securityLockThreshold),
      EnableSoftwareConnectionAudit: bool(),
    },
    input: (v) => ({
      instance: { id: v.SmartAGId, region: v.RegionId },
      name: v.Name,
      description: v.Description,
      cidrs: v.CidrBlock?.split(",").map((block) => block.trim()),
      position: v.Position,
      routingStrategy: v.RoutingStrategy,
      securityLockThreshold: v.SecurityLockThreshold,
      connectionAudit: v.EnableSoftwareConnectionAudit,
    }),
  }),
  mapped("DeleteSmartAccessGateway", {
    command: instanceDelete,
    parameters: { RegionId: region, InstanceId: required(sagId) },
    input: (v) => ({ instance: { id: v.InstanceId, region: v.RegionId }, force: true, whileBound: false }),
  }),
  mapped("UnlockSmartAccessGateway", {
    command: instanceUnlock,
    parameters: { RegionId: region, SmartAGId: required(sagId) },
    input: (v) => ({ instance: { id: v.SmartAGId, region: v.RegionId } }),
  }),
  operation("DescribeRegions", {
    access: "accounts-read",
    parameters: { AcceptLanguage: noEffect },
    async run(call) {
      // This server serves all regions, so every region's endpoint is the host that the client used.
      const RegionEndpoint = call.host;
      const Region = regions.map(({ id: RegionId, name }) => ({ RegionId, LocalName: name, RegionEndpoint }));
      return { Regions: { Region } };
    },
  }),
  mapped("DescribeBindableSmartAccessGateways", {
    command: ccnBindable,
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      SmartAGId: id,
      Name: text({ max: 128 }),
      CrossAccount: bool(),
      ...paging,
    },
    input: (v) => ({
      region: v.RegionId,
      ccn: v.CcnId,
      id: v.SmartAGId,
      namePart: v.Name,
      granted: v.CrossAccount,
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      SmartAccessGateways: {
        SmartAccessGateway: page.rows.map(({ id, name, ownerUid }) => ({
          SmartAGId: id,
          Name: name,
          SmartAGUid: ownerUid,
        })),
      },
    }),
  }),
  mapped("GetSmartAccessGatewayUseLimit", {
    command: instanceLimit,
    parameters: { RegionId: inRegion },
    input: () => ({}),
    answer: ({ limit, used }) => ({ TotalAmount: limit, UsedAmount: used }),
  }),
  mapped("ListSmartAGApiUnsupportedFeature", {
    command: instanceDescribe,
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      SerialNumber: required(noEffect),
      OpenApiName: required(text({ max: 128 })),
    },
    input: (v) => ({ instance: { id: v.SmartAGId, region: v.RegionId } }),
    answer: (_instance, v) => ({
      Features: unsupportedNames
        .filter((name) => v.OpenApiName === "*" || name === v.OpenApiName)
        .map((Feature) => ({ Feature })),
    }),
  }),
];
