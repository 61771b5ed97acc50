import { expect, test } from "vitest";
import { code, instance, list, ours, RegionId, theirs } from "./two-tenants.ts";

/** Any traffic, as a classification rule. */
const tuple = {
  IpProtocol: "ALL",
  SourceCidr: "0.0.0.0/0",
  DestCidr: "0.0.0.0/0",
  SourcePortRange: "-1/-1",
  DestPortRange: "-1/-1",
};

export function trafficScenario(): void {
  test("manages a QoS policy with its rules and its instance", async () => {
    const SmartAGId = await instance(ours);
    const { QosId } = await ours("CreateQos", { RegionId, QosName: "voice", QosDescription: "Calls come first" });
    const qos = { RegionId, QosId };
    await ours("ModifyQos", { ...qos, QosName: "voice-and-video" });
    const absolute = { LimitType: "Absolute", MinBandwidthAbs: 2, MaxBandwidthAbs: 6 };
    const made = await ours("CreateQosCar", { ...qos, Priority: 1, Name: "calls", Description: "calls", ...absolute });
    expect(made).toMatchObject({ ...absolute, QosId, Priority: 1, Description: "calls" });
    const { QosCarId } = made;
    const percent = { LimitType: "Percent", MinBandwidthPercent: 10, MaxBandwidthPercent: 90 };
    const source = { PercentSourceType: "InternetUpBandwidth" };
    expect(await ours("CreateQosCar", { ...qos, Priority: 2, ...percent, ...source })).toMatchObject(percent);
    const cars = list(await ours("DescribeQosCars", { ...qos, Order: "desc" }), "QosCars", "QosCar");
    expect(cars).toMatchObject([
      { ...percent, ...source },
      { ...absolute, Name: "calls" },
    ]);
    expect(cars[1]).not.toHaveProperty("MinBandwidthPercent");
    const policy = {
      ...tuple,
      IpProtocol: "UDP",
      DestPortRange: "16384/32767",
      StartTime: "2026-07-14T16:41:33+0800",
      EndTime: "2036-09-14T16:41:33+0800",
      Name: "rtp",
      Description: "rtp",
      Priority: 1,
    };
    const apps = { DpiGroupIds: ["20"], DpiSignatureIds: ["7"] };
    const { QosPolicyId, ...answered } = await ours("CreateQosPolicy", { ...qos, ...policy, ...apps });
    expect(answered).toMatchObject({ ...policy, DpiGroupIds: { DpiGroupId: ["20"] } });
    await ours("ModifyQosPolicy", { ...qos, QosPolicyId, DestPortRange: "5004/5005" });
    expect(list(await ours("DescribeQosPolicies", qos), "QosPolicies", "QosPolicy")).toMatchObject([
      { ...policy, QosPolicyId, DestPortRange: "5004/5005", DpiSignatureIds: { DpiSignatureId: ["7"] } },
    ]);
    expect(await ours("GetQosAttribute", qos)).toMatchObject({
      QosName: "voice-and-video",
      QosDescription: "Calls come first",
      ErrorConfigSmartAGCount: 0,
      QosCars: [{ QosCarId, QosCarName: "calls", ...absolute }, percent],
      QosPolicies: [{ QosPolicieName: "rtp", StartTime: Date.parse("2026-07-14T16:41:33+08:00") }],
    });
    await ours("ModifyQosCar", { ...qos, QosCarId, ...percent });
    expect(list(await ours("DescribeQosCars", { ...qos, QosCarId }), "QosCars", "QosCar")).toMatchObject([percent]);
    await ours("AssociateQos", { ...qos, SmartAGId });
    expect(await code(ours("AssociateQos", { ...qos, SmartAGId }))).toBe("SmartAGAlreadyAssociateQos");
    const other = await ours("CreateQos", { RegionId, QosName: "other" });
    expect(await code(ours("AssociateQos", { RegionId, QosId: other.QosId, SmartAGId }))).toBe(
      "QosPerSmartagAmountLimit",
    );
    expect(list(await ours("DescribeQoses", { RegionId, QosName: "video" }), "Qoses", "Qos")).toMatchObject([
      { QosId, SagCount: "1", SmartAGIds: SmartAGId },
    ]);
    expect(await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId })).toMatchObject({
      QosIds: { QosId: [QosId] },
    });
    const found = async (CanAssociateQos: boolean) =>
      list(
        await ours("DescribeSmartAccessGateways", { RegionId, CanAssociateQos }),
        "SmartAccessGateways",
        "SmartAccessGateway",
      ).map((one) => [one.SmartAGId, one.QosIds]);
    expect(await found(false)).toEqual([[SmartAGId, QosId]]);
    expect((await found(true)).map(([id]) => id)).not.toContain(SmartAGId);
    expect(await code(ours("DeleteQos", qos))).toBe("QoS.InUse");
    expect(await code(theirs("GetQosAttribute", qos))).toBe("InvalidId.Qos");
    await ours("DisassociateQos", { ...qos, SmartAGId });
    expect(await code(ours("DisassociateQos", { ...qos, SmartAGId }))).toBe("SmartAGNotAssociateQos");
    await ours("DeleteQosPolicy", { ...qos, QosPolicyId });
    await ours("DeleteQosCar", { ...qos, QosCarId });
    await ours("DeleteQos", qos);
    await ours("DeleteQos", { RegionId, QosId: other.QosId });
  });

  test("manages a flow log and its instance", async () => {
    const SmartAGId = await instance(ours);
    await ours("ModifySmartAccessGateway", { RegionId, SmartAGId, Name: "Logged", Description: "the logged one" });
    const unlogged = async () => {
      const answer = await ours("DescribeUnbindFlowLogSags", { RegionId });
      expect(answer.Count).toBe(list(answer, "Sags", "Sag").length);
      return list(answer, "Sags", "Sag");
    };
    const sag = { SmartAGId, Name: "Logged", Description: "the logged one" };
    expect(await unlogged()).toContainEqual(sag);
    const given = { Name: "flows", Description: "all flows", NetflowServerIp: "10.9.9.9", OutputType: "netflow" };
    const { FlowLogId } = await ours("CreateFlowLog", { RegionId, ...given });
    const one = { RegionId, FlowLogId };
    const read = async () =>
      list(await ours("DescribeFlowLogs", { RegionId, FlowLogName: "flow" }), "FlowLogs", "FlowLogSetType");
    expect(await read()).toMatchObject([
      {
        ...given,
        FlowLogId,
        Status: "Active",
        ActiveAging: 300,
        InactiveAging: 15,
        NetflowServerPort: "9995",
        NetflowVersion: "V9",
        TotalSagNum: 0,
      },
    ]);
    const sls = { SlsRegionId: RegionId, ProjectName: "sag-flows", LogstoreName: "flows" };
    const changed = { ActiveAging: 60, InactiveAging: 10, NetflowServerPort: 2_055, NetflowVersion: "V10" };
    await ours("ModifyFlowLogAttribute", { ...one, OutputType: "all", ...sls, ...changed });
    await ours("AssociateFlowLog", { ...one, SmartAGId });
    await ours("AssociateFlowLog", { ...one, SmartAGId });
    expect(await read()).toMatchObject([
      { ...given, ...sls, ...changed, NetflowServerPort: "2055", OutputType: "all", TotalSagNum: 1 },
    ]);
    expect(list(await ours("DescribeFlowLogSags", one), "Sags", "Sag")).toEqual([sag]);
    expect(await unlogged()).not.toContainEqual(sag);
    expect(await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId })).toMatchObject({
      FlowLogIds: { FlowLogId: [FlowLogId] },
    });
    const other = await ours("CreateFlowLog", { RegionId, OutputType: "sls", ...sls });
    expect(await code(ours("AssociateFlowLog", { RegionId, FlowLogId: other.FlowLogId, SmartAGId }))).toBe(
      "OperationFailed.AssociateFlowLog",
    );
    expect(await code(ours("ActiveFlowLog", one))).toBe("IncorrectStatus.FlowLog");
    await ours("DeactiveFlowLog", one);
    expect(await code(ours("DeactiveFlowLog", one))).toBe("IncorrectStatus.FlowLog");
    expect(
      list(await ours("DescribeFlowLogs", { RegionId, Status: "Inactive" }), "FlowLogs", "FlowLogSetType"),
    ).toMatchObject([{ FlowLogId }]);
    await ours("ActiveFlowLog", one);
    expect(await code(ours("DeleteFlowLog", one))).toBe("DependencyViolation.FlowLog");
    expect(await code(theirs("DeleteFlowLog", one))).toBe("InvalidFlowLogId.NotFound");
    await ours("DisassociateFlowLog", { ...one, SmartAGId });
    expect(await code(ours("DisassociateFlowLog", { ...one, SmartAGId }))).toBe("InvalidFlowLogId.NotFound");
    await ours("DeleteFlowLog", one);
    await ours("DeleteFlowLog", { RegionId, FlowLogId: other.FlowLogId });
  });
}
