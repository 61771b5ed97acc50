import { qosCreate, qosDelete, qosList, qosSet, qosShow, qosUnuse, qosUse } from "../../../../admin/commands/qos.ts";
import { say } from "../../../../base/say.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { parseTime } from "../../../../domain/limits/times.ts";
import type { QosCarView, QosPolicyView } from "../../../../domain/qos/listing.ts";
import { type Answer, mapping, type Operation } from "../protocol/operation.ts";
import { paging, placeOf, regionWith, required, text, wishOf } from "./common.ts";

const mapped = mapping("smartag", "qos");

/** Parameters of QoS operations have their own published codes. */
export const missing = (name: string) => ({ missing: `MissParameter.${name}` });
export const invalid = (name: string) => ({ invalid: `InvalidParameter.${name}` });

export const RegionId = regionWith(missing("RegionId"));
export const oneQos = { RegionId, QosId: required(text({ max: 64, ...missing("QosId") })) };

const QosName = text({ ...textRules.qosName, ...missing("Name"), ...invalid("Name") });
const QosDescription = text({ ...textRules.qosDescription, ...invalid("Description") });

/** The limits of a throttling rule; values of the type that it does not have are left out. */
export const limitAnswer = (car: QosCarView): Answer => ({
  LimitType: car.limitType,
  ...(car.minAbs === null ? {} : { MinBandwidthAbs: car.minAbs }),
  ...(car.maxAbs === null ? {} : { MaxBandwidthAbs: car.maxAbs }),
  ...(car.minPercent === null ? {} : { MinBandwidthPercent: car.minPercent }),
  ...(car.maxPercent === null ? {} : { MaxBandwidthPercent: car.maxPercent }),
  PercentSourceType: car.percentSource,
});

/** The 5-tuple of a classification rule. */
export const tupleAnswer = (policy: QosPolicyView): Answer => ({
  IpProtocol: policy.protocol,
  SourceCidr: policy.sourceCidr,
  DestCidr: policy.destCidr,
  SourcePortRange: policy.sourcePorts,
  DestPortRange: policy.destPorts,
});

/** GetQosAttribute answers times as numbers (epoch ms). */
const timeAnswer = (name: string, text: string): Answer => {
  const at = parseTime(text);
  return at === undefined ? {} : { [name]: at };
};

export const qosOperations: Operation[] = [
  mapped("CreateQos", {
    command: qosCreate,
    parameters: { RegionId, QosName: required(QosName), QosDescription },
    input: (v) => ({ region: v.RegionId, name: v.QosName, description: v.QosDescription ?? "" }),
    answer: (qos) => ({ QosId: qos.id, ResourceGroupId: "" }),
  }),
  mapped("ModifyQos", {
    command: qosSet,
    parameters: { ...oneQos, QosName, QosDescription },
    input: (v) => ({ qos: v.QosId, region: v.RegionId, name: v.QosName, description: v.QosDescription }),
  }),
  mapped("DeleteQos", {
    command: qosDelete,
    parameters: oneQos,
    input: (v) => ({ qos: v.QosId, region: v.RegionId }),
    codes: { "no-qos": "ParameterSagQosId" },
  }),
  mapped("DescribeQoses", {
    command: qosList,
    parameters: {
      RegionId,
      QosIds: text({ max: 1_000, rule: say("form_ids") }),
      QosName: text({ max: 100 }),
      ...paging,
    },
    input: (v) => ({ region: v.RegionId, ids: v.QosIds?.split(","), namePart: v.QosName, page: wishOf(v) }),
    answer: (page) => ({
      ...placeOf(page),
      Qoses: {
        Qos: page.rows.map((qos) => ({
          QosId: qos.id,
          QosName: qos.name,
          QosDescription: qos.description,
          ResourceGroupId: "",
          SagCount: String(qos.instances.length),
          SmartAGIds: qos.instances.join(","),
        })),
      },
    }),
  }),
  mapped("GetQosAttribute", {
    command: qosShow,
    parameters: oneQos,
    input: (v) => ({ qos: v.QosId, region: v.RegionId }),
    answer: (qos) => ({
      QosName: qos.name,
      QosDescription: qos.description,
      ErrorConfigSmartAGCount: 0,
      QosCars: qos.cars.map((car) => ({
        QosCarId: car.id,
        QosCarName: car.name,
        QosCarDescription: car.description,
        Priority: car.priority,
        ...limitAnswer(car),
      })),
      QosPolicies: qos.policies.map((policy) => ({
        QosPolicieName: policy.name,
        QosPolicieDescription: policy.description,
        Priority: policy.priority,
        ...tupleAnswer(policy),
        ...timeAnswer("StartTime", policy.startTime),
        ...timeAnswer("EndTime", policy.endTime),
      })),
    }),
  }),
  mapped("AssociateQos", {
    command: qosUse,
    parameters: { ...oneQos, SmartAGId: required(text({ max: 64, ...missing("SmartAGId") })) },
    input: (v) => ({ qos: v.QosId, region: v.RegionId, instance: v.SmartAGId }),
  }),
  mapped("DisassociateQos", {
    command: qosUnuse,
    parameters: { ...oneQos, SmartAGId: required(text({ max: 64, ...missing("SmartAGId") })) },
    input: (v) => ({ qos: v.QosId, region: v.RegionId, instance: v.SmartAGId }),
  }),
];
