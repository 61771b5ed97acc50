import { expect, test } from "vitest";
import type { Refusal } from "../base/cause.ts";
import type { Refused } from "../testing/admin-api.ts";
import {
  bothEntries,
  carInput,
  carParameters,
  flowLogInput,
  policyInput,
  policyParameters,
  qosInput,
  region as RegionId,
  refusalOf,
} from "../testing/both-entries.ts";

// The limits of QoS policies and flow logs, as entries-limits.test.ts has those of the other objects.

const { rpc, sagctl, ordered, quota, makeRoom, newQos, newFlowLog } = bothEntries();

interface Limit {
  code: string;
  cause: string;
  /** Fills up to the limit; returns calls that exceed it, for each API. */
  reach(): Promise<{ rpc(): Promise<unknown>; sagctl(): Promise<unknown> }>;
}

/** A throttling rule with these values, added through each API. */
const car = (code: string, parameters: object, input: object): Limit => ({
  code,
  cause: "invalid_argument",
  async reach() {
    const QosId = await newQos();
    return {
      rpc: () => rpc("CreateQosCar", { RegionId, QosId, Priority: 1, ...parameters }),
      sagctl: () => sagctl("qos add-car", { qos: QosId, car: { priority: 1, ...input } }),
    };
  },
});

/** A change of a rule of 2 to 6 Mbit/s. */
const changed = (code: string, parameters: object, input: object): Limit => ({
  code,
  cause: "invalid_argument",
  async reach() {
    const QosId = await newQos();
    const QosCarId = String((await sagctl("qos add-car", { qos: QosId, car: carInput })).id);
    return {
      rpc: () => rpc("ModifyQosCar", { RegionId, QosId, QosCarId, ...parameters }),
      sagctl: () => sagctl("qos set-car", { qos: QosId, id: QosCarId, car: input }),
    };
  },
});

/** A classification rule with these values, added through each API. */
const policy = (code: string, parameters: object, input: object): Limit => ({
  code,
  cause: "invalid_argument",
  async reach() {
    const QosId = await newQos();
    return {
      rpc: () => rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters, ...parameters }),
      sagctl: () => sagctl("qos add-policy", { qos: QosId, rule: { ...policyInput, ...input } }),
    };
  },
});

/** A flow log with these values, created through each API. */
const flowLog = (code: string, parameters: object, input: object): Limit => ({
  code,
  cause: "invalid_argument",
  async reach() {
    return {
      rpc: () => rpc("CreateFlowLog", { RegionId, ...parameters }),
      sagctl: () => sagctl("flow-log create", { region: RegionId, ...input }),
    };
  },
});

const sls = { OutputType: "sls", SlsRegionId: RegionId, ProjectName: "flows", LogstoreName: "flows" };
const slsInput = { outputType: "sls", slsRegion: RegionId, projectName: "flows", logstoreName: "flows" };
const absent = undefined;

const limits: Record<string, Limit> = {
  "QoS policies of an account": {
    code: "QosAmountLimit",
    cause: "invalid_argument",
    async reach() {
      await quota("qos-per-account", Number((await rpc("DescribeQoses", { RegionId })).TotalCount) + 1);
      await newQos();
      return {
        rpc: () => rpc("CreateQos", { RegionId, QosName: "another" }),
        sagctl: () => sagctl("qos create", qosInput),
      };
    },
  },
  "throttling rules of a QoS policy": {
    code: "QosCarPerQosAmountLimit",
    cause: "invalid_argument",
    async reach() {
      const QosId = await newQos();
      for (let n = 0; n < 3; n++) await rpc("CreateQosCar", { RegionId, QosId, ...carParameters });
      return {
        rpc: () => rpc("CreateQosCar", { RegionId, QosId, ...carParameters }),
        sagctl: () => sagctl("qos add-car", { qos: QosId, car: carInput }),
      };
    },
  },
  "classification rules of a priority": {
    code: "QosPyPerQosPyPerQosAmountLimitQosAmountLimit",
    cause: "invalid_argument",
    async reach() {
      const QosId = await newQos();
      for (let n = 0; n < 50; n++) await rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters });
      await rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters, Priority: 2 });
      return {
        rpc: () => rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters }),
        sagctl: () => sagctl("qos add-policy", { qos: QosId, rule: policyInput }),
      };
    },
  },
  "one QoS policy for an instance": {
    code: "QosPerSmartagAmountLimit",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(1);
      await sagctl("qos use", { qos: await newQos(), instance: id });
      const QosId = await newQos();
      return {
        rpc: () => rpc("AssociateQos", { RegionId, QosId, SmartAGId: id }),
        sagctl: () => sagctl("qos use", { qos: QosId, instance: id }),
      };
    },
  },
  "a QoS policy once for an instance": {
    code: "SmartAGAlreadyAssociateQos",
    cause: "already_exists",
    async reach() {
      const { id } = await ordered(1);
      const QosId = await newQos();
      await sagctl("qos use", { qos: QosId, instance: id });
      return {
        rpc: () => rpc("AssociateQos", { RegionId, QosId, SmartAGId: id }),
        sagctl: () => sagctl("qos use", { qos: QosId, instance: id }),
      };
    },
  },
  "a QoS policy that no instance has": {
    code: "QoS.InUse",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(1);
      const QosId = await newQos();
      await sagctl("qos use", { qos: QosId, instance: id });
      return {
        rpc: () => rpc("DeleteQos", { RegionId, QosId }),
        sagctl: () => sagctl("qos delete", { qos: QosId }),
      };
    },
  },
  "a QoS policy in the region of the instance": {
    code: "InvalidId.Qos",
    cause: "not_found",
    async reach() {
      const { id } = await ordered(1);
      const abroad = "eu-central-1";
      const QosId = String((await sagctl("qos create", { ...qosInput, region: abroad })).id);
      return {
        rpc: () => rpc("AssociateQos", { RegionId: abroad, QosId, SmartAGId: id }),
        sagctl: () => sagctl("qos use", { qos: QosId, instance: id }),
      };
    },
  },
  "a minimum in Mbit/s": car(
    "MissParameter.MinBandwidthAbs",
    { LimitType: "Absolute", MaxBandwidthAbs: 6 },
    { limitType: "Absolute", maxAbs: 6 },
  ),
  "a maximum in Mbit/s": car(
    "MissParameter.MaxBandwidthAbs",
    { LimitType: "Absolute", MinBandwidthAbs: 6 },
    { limitType: "Absolute", minAbs: 6 },
  ),
  "a minimum in percent": car(
    "MissParameter.MinBandwidthPercent",
    { LimitType: "Percent", MaxBandwidthPercent: 6 },
    { limitType: "Percent", maxPercent: 6 },
  ),
  "a maximum in percent": car(
    "MissParameter.MaxBandwidthPercent",
    { LimitType: "Percent", MinBandwidthPercent: 6 },
    { limitType: "Percent", minPercent: 6 },
  ),
  "a maximum that is not below the minimum": car(
    "InvalidParameter.MaxBandwidthAbs",
    { LimitType: "Absolute", MinBandwidthAbs: 7, MaxBandwidthAbs: 6 },
    { limitType: "Absolute", minAbs: 7, maxAbs: 6 },
  ),
  "a maximum percentage that is not below the minimum": car(
    "InvalidParameter.MaxBandwidthPercent",
    { LimitType: "Percent", MinBandwidthPercent: 7, MaxBandwidthPercent: 6 },
    { limitType: "Percent", minPercent: 7, maxPercent: 6 },
  ),
  "no percentage in an absolute rule": car(
    "InvalidParameter.MinBandwidthPercent",
    { ...carParameters, MaxBandwidthPercent: 6 },
    { ...carInput, maxPercent: 6 },
  ),
  "no bandwidth in a rule in percent": car(
    "InvalidParameter.MinBandwidthAbs",
    { LimitType: "Percent", MinBandwidthPercent: 6, MaxBandwidthPercent: 6, MinBandwidthAbs: 2 },
    { limitType: "Percent", minPercent: 6, maxPercent: 6, minAbs: 2 },
  ),
  "a changed minimum up to the maximum": changed(
    "InvalidParameter.MaxBandwidthAbs",
    { MinBandwidthAbs: 7 },
    { minAbs: 7 },
  ),
  "a changed type with its own values": changed(
    "MissParameter.MinBandwidthPercent",
    { LimitType: "Percent" },
    { limitType: "Percent" },
  ),
  "a change without values of the other type": changed(
    "InvalidParameter.MinBandwidthPercent",
    { MinBandwidthPercent: 7 },
    { minPercent: 7 },
  ),
  "a source prefix": policy("InvalidParameter.SourceCidr", { SourceCidr: "10.0.0.1/8" }, { sourceCidr: "10.0.0.1/8" }),
  "a destination prefix": policy("InvalidParameter.DestCidr", { DestCidr: "office" }, { destCidr: "office" }),
  "source ports": policy("InvalidParameter.SourcePortRange", { SourcePortRange: "0/1" }, { sourcePorts: "0/1" }),
  "destination ports in order": policy(
    "InvalidParameter.DestPortRange",
    { DestPortRange: "9/8" },
    { destPorts: "9/8" },
  ),
  "destination ports up to 65535": policy(
    "InvalidParameter.DestPortRange",
    { DestPortRange: "1/65536" },
    { destPorts: "1/65536" },
  ),
  "no ports for ICMP": policy(
    "InvalidPortRange",
    { IpProtocol: "icmp", SourcePortRange: "1/2" },
    { protocol: "icmp", sourcePorts: "1/2" },
  ),
  "no destination ports for ALL": policy("InvalidPortRange", { DestPortRange: "80/80" }, { destPorts: "80/80" }),
  "a start": policy("InvalidParameter.StartTime", { StartTime: "tomorrow" }, { startTime: "tomorrow" }),
  "an end that is a day": policy(
    "InvalidParameter.EndTime",
    { EndTime: "2026-02-30T00:00:00Z" },
    { endTime: "2026-02-30T00:00:00Z" },
  ),
  "an end after the start": policy(
    "InvalidTimeRangeCompare",
    { StartTime: "2026-07-14T16:41:33+0800", EndTime: "2026-07-14T08:41:33Z" },
    { startTime: "2026-07-14T16:41:33+0800", endTime: "2026-07-14T08:41:33Z" },
  ),
  "flow logs of an account": {
    code: "QuotaExceeded.Flowlog",
    cause: "invalid_argument",
    async reach() {
      await quota("flow-logs-per-account", Number((await rpc("DescribeFlowLogs", { RegionId })).TotalCount) + 1);
      await newFlowLog();
      return {
        rpc: () => rpc("CreateFlowLog", { RegionId, NetflowServerIp: "10.9.9.9" }),
        sagctl: () => sagctl("flow-log create", flowLogInput),
      };
    },
  },
  "one flow log for an instance": {
    code: "OperationFailed.AssociateFlowLog",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(1);
      await sagctl("flow-log use", { flowLog: await newFlowLog(), instance: id });
      const FlowLogId = await newFlowLog();
      return {
        rpc: () => rpc("AssociateFlowLog", { RegionId, FlowLogId, SmartAGId: id }),
        sagctl: () => sagctl("flow-log use", { flowLog: FlowLogId, instance: id }),
      };
    },
  },
  "a flow log that no instance has": {
    code: "DependencyViolation.FlowLog",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(1);
      const FlowLogId = await newFlowLog();
      await sagctl("flow-log use", { flowLog: FlowLogId, instance: id });
      return {
        rpc: () => rpc("DeleteFlowLog", { RegionId, FlowLogId }),
        sagctl: () => sagctl("flow-log delete", { flowLog: FlowLogId }),
      };
    },
  },
  "a flow log in the region of the instance": {
    code: "InvalidFlowLogId.NotFound",
    cause: "not_found",
    async reach() {
      const { id } = await ordered(1);
      const abroad = "eu-central-1";
      const FlowLogId = String((await sagctl("flow-log create", { ...flowLogInput, region: abroad })).id);
      return {
        rpc: () => rpc("AssociateFlowLog", { RegionId: abroad, FlowLogId, SmartAGId: id }),
        sagctl: () => sagctl("flow-log use", { flowLog: FlowLogId, instance: id }),
      };
    },
  },
  "an active flow log is not started": {
    code: "IncorrectStatus.FlowLog",
    cause: "invalid_argument",
    async reach() {
      const FlowLogId = await newFlowLog();
      return {
        rpc: () => rpc("ActiveFlowLog", { RegionId, FlowLogId }),
        sagctl: () => sagctl("flow-log start", { flowLog: FlowLogId }),
      };
    },
  },
  "an address of a collector": flowLog("MissingParam.NetflowServerIp", {}, {}),
  "an address that is one": flowLog(
    "IllegalParam.NetflowServerIp",
    { NetflowServerIp: "collector" },
    { netflowServerIp: "collector" },
  ),
  "no multicast address": flowLog(
    "IllegalParam.NetflowServerIp",
    { NetflowServerIp: "224.0.0.1" },
    { netflowServerIp: "224.0.0.1" },
  ),
  "a project": flowLog(
    "MissingParam.ProjectName",
    { ...sls, ProjectName: absent },
    { ...slsInput, projectName: absent },
  ),
  "a log store": flowLog(
    "MissingParam.LogstoreName",
    { ...sls, LogstoreName: absent },
    { ...slsInput, logstoreName: absent },
  ),
  "a region of the log service": flowLog(
    "MissingParam.SlsRegionId",
    { ...sls, SlsRegionId: absent },
    { ...slsInput, slsRegion: absent },
  ),
  "both destinations": flowLog(
    "MissingParam.NetflowServerIp",
    { ...sls, OutputType: "all" },
    { ...slsInput, outputType: "all" },
  ),
  "a changed type with its own destination": {
    code: "MissingParam.ProjectName",
    cause: "invalid_argument",
    async reach() {
      const FlowLogId = await newFlowLog();
      return {
        rpc: () => rpc("ModifyFlowLogAttribute", { RegionId, FlowLogId, OutputType: "all" }),
        sagctl: () => sagctl("flow-log set", { flowLog: FlowLogId, change: { outputType: "all" } }),
      };
    },
  },
};

for (const [name, { code, cause, reach }] of Object.entries(limits)) {
  test(`${name}: both APIs enforce the same limit with the same message`, async () => {
    await makeRoom();
    const beyond = await reach();
    const there = await refusalOf<Refused>(beyond.rpc());
    const here = await refusalOf<Refusal>(beyond.sagctl());
    expect([there?.code, here?.code]).toEqual([code, cause]);
    expect(here?.message).toBe(String(there?.body.Message));
  }, 60_000);
}
