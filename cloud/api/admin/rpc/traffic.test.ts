import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, type Fields, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { carParameters, policyParameters } from "../../../testing/both-entries.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

/** QoS policies and flow logs: codes for deleted objects, values at the edges of their ranges, and pages. */
let server: TestServer;
let ask: Ask;
const RegionId = "cn-shanghai";

beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
  for (const name of ["qos-per-account", "cars-per-qos", "flow-logs-per-account"]) {
    await server.ask("quota set", { name, value: 100 });
  }
});
afterAll(() => server.close());

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: Refused) => error.code ?? String(error),
  );
const newQos = async () => ({ RegionId, QosId: (await ask("CreateQos", { RegionId, QosName: "calls" })).QosId });
const newFlowLog = async (more: Fields = {}) => ({
  RegionId,
  FlowLogId: (await ask("CreateFlowLog", { RegionId, NetflowServerIp: "192.168.0.2", ...more })).FlowLogId,
});
const list = (answer: Fields, outer: string, inner: string) => (answer[outer] as Record<string, Fields[]>)[inner] ?? [];
async function newInstance(): Promise<string> {
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  return String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
}

describe("deleted objects are reported with the code that the tools expect", () => {
  test("a QoS policy: its rules and itself, as Terraform's documentation creates them", async () => {
    const qos = await newQos();
    // A classification rule without a throttling rule, times in the past, and PercentSourceType with Absolute.
    const { QosPolicyId } = await ask("CreateQosPolicy", {
      ...{ ...qos, Name: "tf-testSagQosPolicy", Description: "tf-testSagQosPolicy", Priority: 1, IpProtocol: "ALL" },
      ...{ SourceCidr: "192.168.0.0/24", SourcePortRange: "-1/-1", DestCidr: "10.10.0.0/24", DestPortRange: "-1/-1" },
      ...{ StartTime: "2019-10-25T16:41:33+0800", EndTime: "2019-10-26T16:41:33+0800" },
    });
    const { QosCarId } = await ask("CreateQosCar", {
      ...{ ...qos, Name: "tf-testSagQosCar", Priority: 1, LimitType: "Absolute", MinBandwidthAbs: 10 },
      ...{ MaxBandwidthAbs: 20, PercentSourceType: "InternetUpBandwidth" },
    });
    await ask("DeleteQosPolicy", { ...qos, QosPolicyId });
    await ask("DeleteQosCar", { ...qos, QosCarId });
    expect(await code(ask("DeleteQosPolicy", { ...qos, QosPolicyId }))).toBe("ParameterSagQosPolicyId");
    expect(await code(ask("DeleteQosCar", { ...qos, QosCarId }))).toBe("ParameterSagQosCarId");
    expect(await code(ask("ModifyQosPolicy", { ...qos, QosPolicyId, Priority: 2 }))).toBe("InvalidId.QOSPY");
    expect(await code(ask("ModifyQosCar", { ...qos, QosCarId, Priority: 2 }))).toBe("InvalidId.QOSCAR");
    expect(await ask("DescribeQosPolicies", { ...qos, QosPolicyId })).toMatchObject({ TotalCount: 0 });
    expect(await ask("DescribeQosCars", { ...qos, QosCarId })).toMatchObject({ TotalCount: 0 });
    await ask("DeleteQos", qos);
    expect(await code(ask("DeleteQos", qos))).toBe("ParameterSagQosId");
    expect(await code(ask("DeleteQosPolicy", { ...qos, QosPolicyId }))).toBe("ParameterSagQosPolicyId");
    expect(await code(ask("DeleteQosCar", { ...qos, QosCarId }))).toBe("ParameterSagQosCarId");
    expect(await code(ask("DescribeQosPolicies", { ...qos, QosPolicyId }))).toBe("SagQosPolicyNotExist");
    expect(await code(ask("DescribeQosCars", { ...qos, QosCarId }))).toBe("SagQosCarNotExist");
    expect(await code(ask("GetQosAttribute", qos))).toBe("InvalidId.Qos");
    expect(await ask("DescribeQoses", { RegionId, QosIds: qos.QosId })).toMatchObject({ TotalCount: 0 });
  });

  test("a QoS policy is deleted with its rules, and rules of another policy are not found", async () => {
    const [qos, other] = [await newQos(), await newQos()];
    const { QosCarId } = await ask("CreateQosCar", { ...qos, ...carParameters });
    const { QosPolicyId } = await ask("CreateQosPolicy", { ...qos, ...policyParameters });
    expect(await code(ask("ModifyQosCar", { ...other, QosCarId, Priority: 2 }))).toBe("InvalidId.QOSCAR");
    expect(await code(ask("DeleteQosCar", { ...other, QosCarId }))).toBe("ParameterSagQosCarId");
    expect(await code(ask("ModifyQosPolicy", { ...other, QosPolicyId, Priority: 2 }))).toBe("InvalidId.QOSPY");
    expect(await code(ask("DeleteQosPolicy", { ...other, QosPolicyId }))).toBe("ParameterSagQosPolicyId");
    await ask("DeleteQos", qos);
    expect(await code(ask("ModifyQosCar", { ...qos, QosCarId, Priority: 2 }))).toBe("InvalidId.Qos");
  });

  test("a flow log", async () => {
    const one = await newFlowLog();
    await ask("DeleteFlowLog", one);
    for (const action of ["DeleteFlowLog", "ActiveFlowLog", "DeactiveFlowLog", "ModifyFlowLogAttribute"]) {
      expect(await code(ask(action, one)), action).toBe("InvalidFlowLogId.NotFound");
    }
    expect(await code(ask("DescribeFlowLogSags", one))).toBe("InvalidFlowLogId.NotFound");
    expect(await ask("DescribeFlowLogs", one)).toMatchObject({ TotalCount: 0 });
    const nowhere = { ...(await newFlowLog()), SmartAGId: "sag-none" };
    for (const action of ["AssociateFlowLog", "DisassociateFlowLog"]) {
      expect(await code(ask(action, nowhere)), action).toBe("InvalidSmartAGId.NotFound");
    }
  });

  test("an instance, whose QoS policy and flow log remain", async () => {
    const SmartAGId = await newInstance();
    const [qos, flowLog] = [await newQos(), await newFlowLog()];
    await ask("AssociateQos", { ...qos, SmartAGId });
    await ask("AssociateFlowLog", { ...flowLog, SmartAGId });
    await ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId });
    expect(await ask("DescribeQoses", { RegionId, QosIds: qos.QosId })).toMatchObject({
      Qoses: { Qos: [{ SagCount: "0", SmartAGIds: "" }] },
    });
    expect(await ask("DescribeFlowLogSags", flowLog)).toMatchObject({ TotalCount: 0 });
    await ask("DeleteQos", qos);
    await ask("DeleteFlowLog", flowLog);
  });
});

test("missing parameters are reported with the codes of QoS and flow logs", async () => {
  const tuple: Fields = { RegionId, QosId: "qos-none", ...policyParameters };
  const missing: [action: string, fields: Fields, name: string, code: string][] = [
    ["CreateQos", { RegionId, QosName: "calls" }, "RegionId", "MissParameter.RegionId"],
    ["CreateQos", { RegionId, QosName: "calls" }, "QosName", "MissParameter.Name"],
    ["AssociateQos", { RegionId, QosId: "q", SmartAGId: "s" }, "SmartAGId", "MissParameter.SmartAGId"],
    ["DeleteQosCar", { RegionId, QosId: "q", QosCarId: "c" }, "QosCarId", "MissParameter.QosCarId"],
    ["DeleteQosPolicy", { RegionId, QosId: "q", QosPolicyId: "p" }, "QosPolicyId", "MissParameter.QosPolicyId"],
    ...["QosId", "SourceCidr", "DestCidr", "SourcePortRange", "DestPortRange", "IpProtocol", "Priority"].map(
      (name) => ["CreateQosPolicy", tuple, name, `MissParameter.${name}`] as [string, Fields, string, string],
    ),
    ["ActiveFlowLog", { RegionId, FlowLogId: "fl" }, "FlowLogId", "MissingParam.FlowLogId"],
  ];
  for (const [action, fields, name, expected] of missing) {
    expect(await code(ask(action, { ...fields, [name]: undefined })), `${action} ${name}`).toBe(expected);
  }
});

test("accepts values at the edges of their ranges, and refuses those beyond", async () => {
  const qos = await newQos();
  const car = (more: Fields) => code(ask("CreateQosCar", { ...qos, ...carParameters, ...more }));
  const percent = (more: Fields) =>
    code(ask("CreateQosCar", { ...qos, Priority: 1, LimitType: "Percent", MaxBandwidthPercent: 100, ...more }));
  const tuple = (more: Fields) => code(ask("CreateQosPolicy", { ...qos, ...policyParameters, ...more }));
  const tcp = (more: Fields) => tuple({ IpProtocol: "TCP", ...more });
  const log = (more: Fields) => code(newFlowLog(more));
  const sls = { OutputType: "sls", SlsRegionId: RegionId, ProjectName: "abc", LogstoreName: "ab" };
  const edges: [call: Promise<string>, expected: string][] = [
    [car({ Priority: 7 }), "accepted"],
    [car({ Priority: 8 }), "InvalidParameter.Priority"],
    [car({ Priority: 0 }), "InvalidParameter.Priority"],
    [car({ Priority: "first" }), "InvalidParameter.Priority"],
    [car({ LimitType: "Relative" }), "InvalidParameter.LimitType"],
    [car({ MinBandwidthAbs: 6 }), "accepted"],
    [car({ MinBandwidthAbs: 0 }), "InvalidParameter.MinBandwidthAbs"],
    [car({ MaxBandwidthAbs: 10_000 }), "accepted"],
    [car({ MaxBandwidthAbs: 10_001 }), "InvalidParameter.MaxBandwidthAbs"],
    [car({ MaxBandwidthAbs: "6.5" }), "InvalidParameter.MaxBandwidthAbs"],
    [car({ PercentSourceType: "LanBandwidth" }), "InvalidParameter.PercentSourceType"],
    [car({ Name: "x".repeat(128) }), "accepted"],
    [car({ Name: "x".repeat(129) }), "InvalidParameter.Name"],
    [percent({ MinBandwidthPercent: 1 }), "accepted"],
    [percent({ MinBandwidthPercent: 100 }), "accepted"],
    [percent({ MinBandwidthPercent: 0 }), "InvalidParameter.MinBandwidthPercent"],
    [percent({ MinBandwidthPercent: 1, MaxBandwidthPercent: 101 }), "InvalidParameter.MaxBandwidthPercent"],
    [tuple({ Priority: 7 }), "accepted"],
    [tuple({ Priority: 8 }), "InvalidParameter.Priority"],
    [tuple({ IpProtocol: "SSH(22)" }), "accepted"],
    [tuple({ IpProtocol: "SCTP" }), "NotSupportedProtocol"],
    [tcp({ DestPortRange: "1/65535" }), "accepted"],
    [tcp({ DestPortRange: "80/80" }), "accepted"],
    [tcp({ DestPortRange: "80" }), "InvalidParameter.DestPortRange"],
    [tcp({ DestPortRange: "-1/80" }), "InvalidParameter.DestPortRange"],
    [tcp({ DestPortRange: "080/080" }), "InvalidParameter.DestPortRange"],
    [tuple({ SourceCidr: "fd00::/8", DestCidr: "fd00::/8" }), "accepted"],
    [tuple({ StartTime: "2026-07-14T16:41:33Z", EndTime: "2026-07-14T18:41:34+0200" }), "accepted"],
    [tuple({ StartTime: "2026-07-14" }), "InvalidParameter.StartTime"],
    [tuple({ EndTime: "2026-13-01T00:00:00Z" }), "InvalidParameter.EndTime"],
    [tuple({ Name: "x".repeat(100) }), "accepted"],
    [tuple({ Name: "x".repeat(101) }), "InvalidParameter.Name"],
    [tuple({ DpiGroupIds: Array(10).fill("1") }), "accepted"],
    [tuple({ DpiGroupIds: Array(11).fill("1") }), "InvalidDpiGroupIds"],
    [log({ ActiveAging: 60, InactiveAging: 10 }), "accepted"],
    [log({ ActiveAging: 6_000, InactiveAging: 600 }), "accepted"],
    [log({ ActiveAging: 59 }), "IllegalParam.ActiveAging"],
    [log({ ActiveAging: 6_001 }), "IllegalParam.ActiveAging"],
    [log({ InactiveAging: 9 }), "IllegalParam.InactiveAging"],
    [log({ InactiveAging: 601 }), "IllegalParam.InactiveAging"],
    [log({ NetflowServerPort: 65_535, NetflowVersion: "V10" }), "accepted"],
    [log({ NetflowServerPort: 0 }), "IllegalParam.NetflowServerPort"],
    [log({ NetflowServerPort: 65_536 }), "IllegalParam.NetflowServerPort"],
    [log({ NetflowVersion: "V7" }), "IllegalParam.NetflowVersion"],
    [log({ NetflowServerIp: "2001:db8::1" }), "accepted"],
    [log({ NetflowServerIp: "127.0.0.1" }), "accepted"],
    [log({ NetflowServerIp: "0.0.0.0" }), "IllegalParam.NetflowServerIp"],
    [log({ NetflowServerIp: "255.255.255.255" }), "IllegalParam.NetflowServerIp"],
    [log({ OutputType: "kafka" }), "IllegalParam.OutputType"],
    [log({ RegionId: "cn-atlantis" }), "IllegalParam.RegionId"],
    [log(sls), "accepted"],
    [log({ ...sls, SlsRegionId: "cn-atlantis" }), "IllegalParam.SlsRegionId"],
    [log({ ...sls, ProjectName: "../etc" }), "IllegalParam.ProjectName"],
    [log({ ...sls, LogstoreName: "x".repeat(64) }), "IllegalParam.LogstoreName"],
  ];
  const codes = await Promise.all(edges.map(([call]) => call));
  expect(codes).toEqual(edges.map(([, expected]) => expected));
});

test("a changed throttling rule keeps what was not given, and drops the values of its former type", async () => {
  const qos = await newQos();
  const { QosCarId } = await ask("CreateQosCar", { ...qos, ...carParameters, Name: "calls", Description: "all calls" });
  const one = { ...qos, QosCarId };
  const read = async () => list(await ask("DescribeQosCars", one), "QosCars", "QosCar")[0] ?? {};
  await ask("ModifyQosCar", { ...one, MaxBandwidthAbs: 9 });
  expect(await read()).toEqual({
    ...{ QosId: qos.QosId, QosCarId, Name: "calls", Description: "all calls" },
    ...{ ...carParameters, MaxBandwidthAbs: 9, PercentSourceType: "CcnBandwidth" },
  });
  await ask("ModifyQosCar", { ...one, LimitType: "Percent", MinBandwidthPercent: 5, MaxBandwidthPercent: 50 });
  const percent = { LimitType: "Percent", MinBandwidthPercent: 5, MaxBandwidthPercent: 50 };
  const { MinBandwidthAbs: _min, MaxBandwidthAbs: _max, ...rest } = carParameters;
  expect(await read()).toEqual({
    ...{ QosId: qos.QosId, QosCarId, Name: "calls", Description: "all calls" },
    ...{ ...rest, ...percent, PercentSourceType: "CcnBandwidth" },
  });
  // The former values are gone, so the former type needs new ones.
  expect(await code(ask("ModifyQosCar", { ...one, LimitType: "Absolute" }))).toBe("MissParameter.MinBandwidthAbs");
  // An empty parameter counts as absent.
  await ask("ModifyQosCar", { ...one, Name: "", Description: "" });
  expect(await read()).toMatchObject({ Name: "calls", Description: "all calls", ...percent });
});

test("pages list each object once", async () => {
  const qos = await newQos();
  const made = new Set<unknown>();
  for (let n = 0; n < 5; n++) {
    made.add((await ask("CreateQosPolicy", { ...qos, ...policyParameters, Priority: 1 + (n % 2) })).QosPolicyId);
  }
  const page = async (PageNumber: number, more: Fields = {}) => {
    const answer = await ask("DescribeQosPolicies", { ...qos, PageNumber, PageSize: 2, ...more });
    expect(answer).toMatchObject({ PageNumber, PageSize: 2 });
    return list(answer, "QosPolicies", "QosPolicy");
  };
  const all = [await page(1), await page(2), await page(3)].flat();
  expect(all.map(({ Priority }) => Priority)).toEqual([1, 1, 1, 2, 2]);
  expect(new Set(all.map(({ QosPolicyId }) => QosPolicyId))).toEqual(made);
  expect((await page(1, { Priority: 2 })).length).toBe(2);
  expect(await page(4)).toEqual([]);
  const logs = new Set<unknown>();
  for (let n = 0; n < 5; n++) logs.add((await newFlowLog({ Name: "paged" })).FlowLogId);
  const seen: unknown[] = [];
  for (const PageNumber of [1, 2, 3]) {
    const answer = await ask("DescribeFlowLogs", { RegionId, FlowLogName: "paged", PageNumber, PageSize: 2 });
    expect(answer.TotalCount).toBe(5);
    seen.push(...list(answer, "FlowLogs", "FlowLogSetType").map(({ FlowLogId }) => FlowLogId));
  }
  expect(new Set(seen)).toEqual(logs);
  expect(seen.length).toBe(5);
  for (const action of ["DescribeQosCars", "DescribeQosPolicies", "DescribeQoses", "DescribeFlowLogs"]) {
    expect(await code(ask(action, { ...qos, PageSize: 51 })), action).toBe("InvalidPageSize");
    expect(await code(ask(action, { ...qos, PageNumber: 0 })), action).toBe("InvalidPageNumber");
  }
});
