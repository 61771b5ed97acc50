import { ctlTexts } from "../../../common/text/ctl.ts";
import type { flowLogInstances, flowLogList } from "../../admin/commands/flow-logs.ts";
import type { qosList, qosStatistics } from "../../admin/commands/qos.ts";
import type { qosCars, qosPolicies } from "../../admin/commands/qos-rules.ts";
import { defaultRegion } from "../../domain/areas/regions.ts";
import type { FlowLogView } from "../../domain/flowlogs/listing.ts";
import type { QosClass } from "../../domain/qos/effective.ts";
import { wholeNumber } from "../arguments.ts";
import { ports } from "../output.ts";
import { region, type Verb } from "./verb.ts";
import type { One } from "./views.ts";

const { output } = ctlTexts;
const { columns } = output;

const car = (view: One<typeof qosCars>) => ({
  [columns.id]: view.id,
  [columns.priority]: view.priority,
  [columns.name]: view.name,
  [columns.type]: view.limitType,
  [columns.minimum]: view.minAbs === null ? output.percent(view.minPercent ?? 0) : output.mbit(view.minAbs),
  [columns.maximum]: view.maxAbs === null ? output.percent(view.maxPercent ?? 0) : output.mbit(view.maxAbs),
  [columns.of]: view.limitType === "Percent" ? view.percentSource : "",
});

const policy = (view: One<typeof qosPolicies>) => ({
  [columns.id]: view.id,
  [columns.priority]: view.priority,
  [columns.name]: view.name,
  [columns.protocol]: view.protocol,
  [columns.source]: view.sourceCidr,
  [columns.sourcePorts]: ports(view.sourcePorts),
  [columns.destination]: view.destCidr,
  [columns.destinationPorts]: ports(view.destPorts),
  [columns.from]: view.startTime,
  [columns.until]: view.endTime,
});

const trafficClass = ({ limit, ...view }: QosClass) => ({
  [columns.id]: view.id,
  [columns.priority]: view.priority,
  [columns.name]: view.name,
  [columns.minimum]: limit.type === "Percent" ? output.percent(limit.min) : output.mbit(limit.min),
  [columns.maximum]: limit.type === "Percent" ? output.percent(limit.max) : output.mbit(limit.max),
  [columns.of]: limit.type === "Percent" ? limit.of : "",
  [columns.rules]: view.rules.length,
});

const classStatistics = (view: One<typeof qosStatistics>) => ({
  [columns.id]: view.id === "" ? output.noClass : view.id,
  [columns.name]: view.name,
  [columns.direction]: view.direction,
  [columns.packets]: view.packets,
  [columns.bytes]: view.bytes,
  [columns.droppedFull]: view.droppedFull,
  [columns.droppedMemory]: view.droppedMemory,
  [columns.droppedDelay]: view.droppedDelay,
});

const flowLog = (view: FlowLogView) => ({
  [columns.id]: view.id,
  [columns.name]: view.name,
  [columns.region]: view.region,
  [columns.active]: view.active,
  [columns.output]: view.outputType,
  [columns.collector]: view.netflowServerIp,
  [columns.port]: view.netflowServerIp === "" ? "" : view.netflowServerPort,
  [columns.version]: view.netflowServerIp === "" ? "" : view.netflowVersion,
  [columns.project]: view.projectName,
  [columns.logstore]: view.logstoreName,
  [columns.activeAging]: view.activeAging,
  [columns.inactiveAging]: view.inactiveAging,
});

const carOptions: NonNullable<Verb["options"]> = {
  "--priority <n>": ["priority", wholeNumber],
  "--min-mbit <n>": ["minAbs", wholeNumber],
  "--max-mbit <n>": ["maxAbs", wholeNumber],
  "--min-percent <n>": ["minPercent", wholeNumber],
  "--max-percent <n>": ["maxPercent", wholeNumber],
  "--percent-of <CcnBandwidth|InternetUpBandwidth>": ["percentSource"],
  "--name <name>": ["name"],
  "--description <text>": ["description"],
};

/** The published LimitType of the given options; undefined if none of them sets a limit. */
function limitType(values: Record<string, unknown>): string | undefined {
  if (values.minAbs !== undefined || values.maxAbs !== undefined) return "Absolute";
  return values.minPercent !== undefined || values.maxPercent !== undefined ? "Percent" : undefined;
}

const tupleOptions: NonNullable<Verb["options"]> = {
  "--priority <n>": ["priority", wholeNumber],
  "--protocol <name>": ["protocol"],
  "--source <prefix>": ["sourceCidr"],
  "--dest <prefix>": ["destCidr"],
  "--source-ports <range>": ["sourcePorts"],
  "--dest-ports <range>": ["destPorts"],
  "--start <time>": ["startTime"],
  "--end <time>": ["endTime"],
  "--name <name>": ["name"],
  "--description <text>": ["description"],
};

const flowLogOptions: NonNullable<Verb["options"]> = {
  "--name <name>": ["name"],
  "--description <text>": ["description"],
  "--output <sls|netflow|all>": ["outputType"],
  "--collector <address>": ["netflowServerIp"],
  "--port <n>": ["netflowServerPort", wholeNumber],
  "--netflow-version <V5|V9|V10>": ["netflowVersion"],
  "--active-aging <s>": ["activeAging", wholeNumber],
  "--inactive-aging <s>": ["inactiveAging", wholeNumber],
  "--log-region <id>": ["slsRegion"],
  "--project <name>": ["projectName"],
  "--logstore <name>": ["logstoreName"],
};

const instance = (view: One<typeof flowLogInstances>) => ({
  [columns.id]: view.id,
  [columns.name]: view.name,
  [columns.description]: view.description,
});

/** Verbs for QoS policies and flow logs. */
export const trafficVerbs: readonly Verb[] = [
  {
    usage: "qos create <name>",
    options: { "--description <text>": ["description"], ...region },
    fixed: { region: defaultRegion },
  },
  {
    usage: "qos list",
    options: region,
    list: "rows",
    row: (view: One<typeof qosList>) => ({
      [columns.id]: view.id,
      [columns.name]: view.name,
      [columns.description]: view.description,
      [columns.region]: view.region,
      [columns.instances]: view.instances.join(" "),
    }),
  },
  {
    usage: "qos set <qos>",
    options: { "--name <name>": ["name"], "--description <text>": ["description"], ...region },
  },
  { usage: "qos delete <qos>", options: region },
  { usage: "qos use <qos> <instance>", options: region },
  { usage: "qos unuse <qos> <instance>", options: region },
  { usage: "qos classes <instance>", list: "classes", row: trafficClass },
  { usage: "qos statistics <instance>", list: "rows", row: classStatistics },
  { usage: "qos cars <qos>", options: region, list: "rows", row: car },
  {
    usage: "qos add-car <qos>",
    options: { ...carOptions, ...region },
    required: ["--priority <n>"],
    // The server names the missing values of the type Absolute.
    input: ({ qos, region, ...values }) => ({
      qos,
      region,
      car: { ...values, limitType: limitType(values) ?? "Absolute" },
    }),
    row: car,
  },
  {
    usage: "qos set-car <qos> <id>",
    options: { ...carOptions, ...region },
    input: ({ qos, id, region, ...values }) => ({ qos, id, region, car: { ...values, limitType: limitType(values) } }),
    row: car,
  },
  { usage: "qos remove-car <qos> <id>", options: region },
  { usage: "qos policies <qos>", options: region, list: "rows", row: policy },
  {
    usage: "qos add-policy <qos>",
    options: { ...tupleOptions, ...region },
    required: ["--priority <n>"],
    fixed: {
      protocol: "ALL",
      sourceCidr: "0.0.0.0/0",
      destCidr: "0.0.0.0/0",
      sourcePorts: "-1/-1",
      destPorts: "-1/-1",
    },
    input: ({ qos, region, ...rule }) => ({ qos, region, rule }),
    row: policy,
  },
  {
    usage: "qos set-policy <qos> <id>",
    options: { ...tupleOptions, ...region },
    input: ({ qos, id, region, ...rule }) => ({ qos, id, region, rule }),
    row: policy,
  },
  { usage: "qos remove-policy <qos> <id>", options: region },
  {
    usage: "flow-log create",
    options: { ...flowLogOptions, ...region },
    fixed: { region: defaultRegion },
    row: flowLog,
  },
  {
    usage: "flow-log list",
    options: region,
    list: "rows",
    row: (view: One<typeof flowLogList>) => ({
      ...flowLog(view),
      [columns.instances]: view.instances,
      [columns.sent]: view.records.sent,
      [columns.lost]: view.records.lost,
      [columns.written]: view.records.written,
    }),
  },
  {
    usage: "flow-log set <flowLog>",
    options: { ...flowLogOptions, ...region },
    input: ({ flowLog: id, region, ...change }) => ({ flowLog: id, region, change }),
    row: flowLog,
  },
  { usage: "flow-log start <flowLog>", options: region },
  { usage: "flow-log stop <flowLog>", options: region },
  { usage: "flow-log delete <flowLog>", options: region },
  { usage: "flow-log use <flowLog> <instance>", options: region },
  { usage: "flow-log unuse <flowLog> <instance>", options: region },
  { usage: "flow-log instances <flowLog>", options: region, list: "rows", row: instance },
  { usage: "flow-log candidates", options: region, list: "rows", row: instance },
  { usage: "flow-log of <instance>", row: flowLog },
];
