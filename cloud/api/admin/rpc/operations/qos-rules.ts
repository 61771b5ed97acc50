import {
  qosAddCar,
  qosAddPolicy,
  qosCars,
  qosPolicies,
  qosRemoveCar,
  qosRemovePolicy,
  qosSetCar,
  qosSetPolicy,
} from "../../../../admin/commands/qos-rules.ts";
import { say } from "../../../../base/say.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices, ranges, ruleApplications, ruleProtocol } from "../../../../domain/limits/values.ts";
import type { QosCarView, QosPolicyView } from "../../../../domain/qos/listing.ts";
import type { PolicyValues } from "../../../../domain/qos/policies.ts";
import { type Answer, mapping, type Operation } from "../protocol/operation.ts";
import type { Values } from "../protocol/parameters.ts";
import { list, paging, placeOf, required, text, whole, wishOf } from "./common.ts";
import { invalid, limitAnswer, missing, oneQos, tupleAnswer } from "./qos.ts";

const mapped = mapping("smartag", "qos");

const ofQos = (v: Values<typeof oneQos>) => ({ qos: v.QosId, region: v.RegionId });

const oneCar = { ...oneQos, QosCarId: required(text({ max: 64, ...missing("QosCarId") })) };
const onePolicy = { ...oneQos, QosPolicyId: required(text({ max: 64, ...missing("QosPolicyId") })) };

const Priority = whole({ ...ranges.qosPriority, ...missing("Priority"), ...invalid("Priority") });
const LimitType = text({ oneOf: choices.qosLimitType, ...missing("LimitType"), ...invalid("LimitType") });
const mbit = (name: string) => whole({ ...ranges.qosBandwidth, rule: say("form_mbit"), ...invalid(name) });
const percent = (name: string) => whole({ ...ranges.qosPercent, rule: say("form_percent"), ...invalid(name) });
const carValues = {
  Priority,
  LimitType,
  Name: text({ ...textRules.qosCarName, ...invalid("Name") }),
  Description: text({ ...textRules.qosCarDescription, ...invalid("Description") }),
  MinBandwidthAbs: mbit("MinBandwidthAbs"),
  MaxBandwidthAbs: mbit("MaxBandwidthAbs"),
  MinBandwidthPercent: percent("MinBandwidthPercent"),
  MaxBandwidthPercent: percent("MaxBandwidthPercent"),
  PercentSourceType: text({ oneOf: choices.qosPercentSource, ...invalid("PercentSourceType") }),
};

const carInput = (v: Values<typeof carValues>) => ({
  priority: v.Priority,
  limitType: v.LimitType,
  name: v.Name,
  description: v.Description,
  minAbs: v.MinBandwidthAbs,
  maxAbs: v.MaxBandwidthAbs,
  minPercent: v.MinBandwidthPercent,
  maxPercent: v.MaxBandwidthPercent,
  percentSource: v.PercentSourceType,
});

const carAnswer = (car: QosCarView): Answer => ({
  QosId: car.qosId,
  QosCarId: car.id,
  Description: car.description,
  Priority: car.priority,
  ...limitAnswer(car),
});

const own = (name: string) => ({ ...missing(name), ...invalid(name) });
const tuple = {
  IpProtocol: text({
    ...ruleProtocol,
    rule: say("form_acl_protocol"),
    ...missing("IpProtocol"),
    invalid: "NotSupportedProtocol",
  }),
  SourceCidr: text({ max: 64, rule: say("form_acl_prefix"), ...own("SourceCidr") }),
  DestCidr: text({ max: 64, rule: say("form_acl_prefix"), ...own("DestCidr") }),
  SourcePortRange: text({ max: 16, rule: say("form_acl_ports"), ...own("SourcePortRange") }),
  DestPortRange: text({ max: 16, rule: say("form_acl_ports"), ...own("DestPortRange") }),
};
const dpi = list(text({ max: ruleApplications.length }), ruleApplications.count);
const policyExtras = {
  Name: text({ ...textRules.qosPolicyName, ...invalid("Name") }),
  Description: text({ ...textRules.qosDescription, ...invalid("Description") }),
  StartTime: text({ max: 64, rule: say("form_time"), ...invalid("StartTime") }),
  EndTime: text({ max: 64, rule: say("form_time"), ...invalid("EndTime") }),
  DpiGroupIds: dpi,
  DpiSignatureIds: dpi,
};
const policyValues = { Priority, ...tuple, ...policyExtras };

/** The values that were given. */
function policyInput(v: Values<typeof policyValues>): Partial<PolicyValues> {
  const all = {
    name: v.Name,
    description: v.Description,
    priority: v.Priority,
    protocol: v.IpProtocol,
    sourceCidr: v.SourceCidr,
    destCidr: v.DestCidr,
    sourcePorts: v.SourcePortRange,
    destPorts: v.DestPortRange,
    startTime: v.StartTime,
    endTime: v.EndTime,
    dpiGroupIds: v.DpiGroupIds && JSON.stringify(v.DpiGroupIds),
    dpiSignatureIds: v.DpiSignatureIds && JSON.stringify(v.DpiSignatureIds),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const policyAnswer = (policy: QosPolicyView): Answer => ({
  QosId: policy.qosId,
  QosPolicyId: policy.id,
  Name: policy.name,
  Description: policy.description,
  Priority: policy.priority,
  ...tupleAnswer(policy),
  StartTime: policy.startTime,
  EndTime: policy.endTime,
  DpiGroupIds: { DpiGroupId: policy.dpiGroupIds },
  DpiSignatureIds: { DpiSignatureId: policy.dpiSignatureIds },
});

export const qosRuleOperations: Operation[] = [
  mapped("CreateQosCar", {
    command: qosAddCar,
    parameters: { ...oneQos, ...carValues, Priority: required(Priority), LimitType: required(LimitType) },
    input: (v) => ({ ...ofQos(v), car: { ...carInput(v), priority: v.Priority, limitType: v.LimitType } }),
    answer: carAnswer,
  }),
  mapped("ModifyQosCar", {
    command: qosSetCar,
    parameters: { ...oneCar, ...carValues },
    input: (v) => ({ ...ofQos(v), id: v.QosCarId, car: carInput(v) }),
  }),
  mapped("DeleteQosCar", {
    command: qosRemoveCar,
    parameters: oneCar,
    input: (v) => ({ ...ofQos(v), id: v.QosCarId }),
    codes: { "no-qos": "ParameterSagQosCarId", "no-qos-car": "ParameterSagQosCarId" },
  }),
  mapped("DescribeQosCars", {
    command: qosCars,
    parameters: {
      ...oneQos,
      QosCarId: text({ max: 64 }),
      Description: text({ max: 512 }),
      Order: text({ oneOf: ["asc", "desc"] }),
      ...paging,
    },
    codes: { "no-qos": "SagQosCarNotExist" },
    input: (v) => ({
      ...ofQos(v),
      id: v.QosCarId,
      descriptionPart: v.Description,
      order: v.Order === "desc" ? ("desc" as const) : ("asc" as const),
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      QosCars: { QosCar: page.rows.map((car) => ({ ...carAnswer(car), Name: car.name })) },
    }),
  }),
  mapped("CreateQosPolicy", {
    command: qosAddPolicy,
    parameters: {
      ...oneQos,
      Priority: required(Priority),
      IpProtocol: required(tuple.IpProtocol),
      SourceCidr: required(tuple.SourceCidr),
      DestCidr: required(tuple.DestCidr),
      SourcePortRange: required(tuple.SourcePortRange),
      DestPortRange: required(tuple.DestPortRange),
      ...policyExtras,
    },
    input: (v) => ({ ...ofQos(v), rule: policyInput(v) as PolicyValues }),
    answer: policyAnswer,
  }),
  mapped("ModifyQosPolicy", {
    command: qosSetPolicy,
    parameters: { ...onePolicy, ...policyValues },
    input: (v) => ({ ...ofQos(v), id: v.QosPolicyId, rule: policyInput(v) }),
  }),
  mapped("DeleteQosPolicy", {
    command: qosRemovePolicy,
    parameters: onePolicy,
    input: (v) => ({ ...ofQos(v), id: v.QosPolicyId }),
    codes: { "no-qos": "ParameterSagQosPolicyId", "no-qos-policy": "ParameterSagQosPolicyId" },
  }),
  mapped("DescribeQosPolicies", {
    command: qosPolicies,
    parameters: {
      ...oneQos,
      QosPolicyId: text({ max: 64 }),
      Description: text({ max: 512 }),
      Priority: whole(invalid("Priority")),
      ...paging,
    },
    codes: { "no-qos": "SagQosPolicyNotExist" },
    input: (v) => ({
      ...ofQos(v),
      id: v.QosPolicyId,
      descriptionPart: v.Description,
      priority: v.Priority,
      page: wishOf(v),
    }),
    answer: (page) => ({ ...placeOf(page), QosPolicies: { QosPolicy: page.rows.map(policyAnswer) } }),
  }),
];
