import {
  flowLogCandidates,
  flowLogCreate,
  flowLogDelete,
  flowLogInstances,
  flowLogList,
  flowLogSet,
  flowLogStart,
  flowLogStop,
  flowLogUnuse,
  flowLogUse,
} from "../../../../admin/commands/flow-logs.ts";
import { say } from "../../../../base/say.ts";
import { regionIds } from "../../../../domain/areas/regions.ts";
import type { FlowLogInstance } from "../../../../domain/flowlogs/listing.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices, ranges } from "../../../../domain/limits/values.ts";
import { type Answer, mapping, type Operation } from "../protocol/operation.ts";
import type { Values } from "../protocol/parameters.ts";
import { paging, placeOf, regionWith, required, sagId, text, whole, wishOf } from "./common.ts";

const mapped = mapping("smartag", "flowLogs");

/** Parameters of flow logs have their own published codes. */
const illegal = (name: string) => ({ invalid: `IllegalParam.${name}` });

const RegionId = regionWith(illegal("RegionId"));
const one = { RegionId, FlowLogId: required(text({ max: 64, missing: "MissingParam.FlowLogId" })) };
const using = { ...one, SmartAGId: required(sagId) };

const OutputType = text({ oneOf: choices.flowLogOutput, ...illegal("OutputType") });
const values = {
  Name: text({ ...textRules.flowLogName, ...illegal("Name") }),
  Description: text({ ...textRules.flowLogDescription, ...illegal("Description") }),
  OutputType,
  ActiveAging: whole({ ...ranges.flowActiveAging, ...illegal("ActiveAging") }),
  InactiveAging: whole({ ...ranges.flowInactiveAging, ...illegal("InactiveAging") }),
  NetflowServerIp: text({ max: 64, rule: say("form_collector"), ...illegal("NetflowServerIp") }),
  NetflowServerPort: whole({ ...ranges.port, ...illegal("NetflowServerPort") }),
  NetflowVersion: text({ oneOf: choices.netflowVersion, ...illegal("NetflowVersion") }),
  SlsRegionId: text({ oneOf: regionIds, rule: say("form_region"), ...illegal("SlsRegionId") }),
  ProjectName: text({ ...textRules.logProject, ...illegal("ProjectName") }),
  LogstoreName: text({ ...textRules.logstore, ...illegal("LogstoreName") }),
};

const input = (v: Values<typeof values>) => ({
  name: v.Name,
  description: v.Description,
  outputType: v.OutputType,
  activeAging: v.ActiveAging,
  inactiveAging: v.InactiveAging,
  netflowServerIp: v.NetflowServerIp,
  netflowServerPort: v.NetflowServerPort,
  netflowVersion: v.NetflowVersion,
  slsRegion: v.SlsRegionId,
  projectName: v.ProjectName,
  logstoreName: v.LogstoreName,
});

const sags = (rows: readonly FlowLogInstance[]): Answer => ({
  Sags: { Sag: rows.map(({ id, name, description }) => ({ SmartAGId: id, Name: name, Description: description })) },
});

const oneInput = (v: Values<typeof one>) => ({ flowLog: v.FlowLogId, region: v.RegionId });
const usingInput = (v: Values<typeof using>) => ({ ...oneInput(v), instance: v.SmartAGId });
const usingCodes = { "no-instance": "InvalidSmartAGId.NotFound" };

export const flowLogOperations: Operation[] = [
  mapped("CreateFlowLog", {
    command: flowLogCreate,
    parameters: { RegionId, ...values },
    input: (v) => ({ region: v.RegionId, ...input(v) }),
    answer: (flowLog) => ({ FlowLogId: flowLog.id, ResourceGroupId: "" }),
  }),
  mapped("ModifyFlowLogAttribute", {
    command: flowLogSet,
    parameters: { ...one, ...values },
    input: (v) => ({ ...oneInput(v), change: input(v) }),
  }),
  mapped("DeleteFlowLog", { command: flowLogDelete, parameters: one, input: oneInput }),
  mapped("ActiveFlowLog", { command: flowLogStart, parameters: one, input: oneInput }),
  mapped("DeactiveFlowLog", { command: flowLogStop, parameters: one, input: oneInput }),
  mapped("AssociateFlowLog", { command: flowLogUse, parameters: using, input: usingInput, codes: usingCodes }),
  mapped("DisassociateFlowLog", { command: flowLogUnuse, parameters: using, input: usingInput, codes: usingCodes }),
  mapped("DescribeFlowLogs", {
    command: flowLogList,
    parameters: {
      RegionId,
      FlowLogId: text({ max: 64 }),
      FlowLogName: text({ max: 128 }),
      Description: text({ max: 512 }),
      OutputType,
      Status: text({ oneOf: ["Active", "Inactive"], ...illegal("Status") }),
      ...paging,
    },
    input: (v) => ({
      region: v.RegionId,
      id: v.FlowLogId,
      namePart: v.FlowLogName,
      descriptionPart: v.Description,
      outputType: v.OutputType,
      active: v.Status === undefined ? undefined : v.Status === "Active",
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      FlowLogs: {
        FlowLogSetType: page.rows.map((flowLog) => ({
          FlowLogId: flowLog.id,
          Name: flowLog.name,
          Description: flowLog.description,
          Status: flowLog.active ? "Active" : "Inactive",
          OutputType: flowLog.outputType,
          ActiveAging: flowLog.activeAging,
          InactiveAging: flowLog.inactiveAging,
          NetflowServerIp: flowLog.netflowServerIp,
          NetflowServerPort: String(flowLog.netflowServerPort),
          NetflowVersion: flowLog.netflowVersion,
          SlsRegionId: flowLog.slsRegion,
          ProjectName: flowLog.projectName,
          LogstoreName: flowLog.logstoreName,
          ResourceGroupId: "",
          TotalSagNum: flowLog.instances,
        })),
      },
    }),
  }),
  mapped("DescribeFlowLogSags", {
    command: flowLogInstances,
    parameters: { RegionId, FlowLogId: text({ max: 64 }), ...paging },
    input: (v) => ({ flowLog: v.FlowLogId, region: v.RegionId, page: wishOf(v) }),
    answer: (page) => ({ ...placeOf(page), ...sags(page.rows) }),
  }),
  mapped("DescribeUnbindFlowLogSags", {
    command: flowLogCandidates,
    parameters: { RegionId },
    input: (v) => ({ region: v.RegionId }),
    answer: (page) => ({ Count: page.total, ...sags(page.rows) }),
  }),
];
