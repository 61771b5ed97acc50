import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Driver, drivers, type Fields, type Product, unknownPython } from "../clients/drivers.ts";
import { needsProgram, notRunHere } from "../harness/needs.ts";
import { Processes } from "../harness/processes.ts";
import { Site } from "../harness/site.ts";
import { createWorkspace } from "../harness/workspace.ts";

/** The official clients with a real sag-cloud; only endpoint, key and trust are configured. */
const workspace = createWorkspace("clients");
const processes = new Processes(workspace.logs);
const site = new Site(processes, workspace);
const target = { endpoint: "", key: "", secret: "", authority: join(site.data, "tls", "ca.pem") };
const RegionId = "cn-shanghai";

/** Time limit to install or build a client for the first time, ms. */
const installLimit = 280_000;

beforeAll(async () => {
  const { ready } = await site.startCloud();
  target.endpoint = new URL(ready.url).host;
  const made = await site.sagctl<Record<string, string>>(["access-key", "create", "--role", "administrator"]);
  const field = (name: string) => made[`A${name}`] ?? made[`a${name}`] ?? "";
  Object.assign(target, { key: field("ccessKeyId"), secret: field("ccessKeySecret") });
});
afterAll(async () => {
  await processes.stopAll();
  workspace.remove();
});

/** Why Java is not included in every run. */
const inSoak = "npm run soak -- clients (Maven fetches 35 MB)";

describe.each(Object.keys(drivers))("%s", (name) => {
  let driver: Driver | undefined;
  afterAll(() => driver?.stop());

  const answer = (action: string, fields: Fields, product: Product): Promise<Answer> => {
    if (!driver) throw new Error("the client was not started");
    return driver.ask(action, fields, product);
  };
  const ask = async (action: string, fields: Fields = {}, product: Product = "smartag"): Promise<Fields> => {
    const { body, code, text } = await answer(action, fields, product);
    if (body === undefined) throw new Error(`${action}: ${code} ${text ?? ""}`);
    return body;
  };
  const code = async (action: string, fields: Fields, product: Product = "smartag"): Promise<string> => {
    const got = await answer(action, fields, product);
    return got.text ? `${got.code}: ${got.text}` : (got.code ?? "accepted");
  };
  const list = (body: Fields, outer: string, inner: string) => (body[outer] as Record<string, Fields[]>)[inner] ?? [];
  /** Java's client appends the explanation to the code. */
  const refusal = (expected: string) => expect.stringMatching(new RegExp(`^${expected.replaceAll(".", "\\.")}(:|$)`));
  const cbn = (action: string, fields: Fields) => ask(action, fields, "cbn");

  test("trusts the server, and lists regions with its endpoint", { timeout: installLimit }, async (context) => {
    if (name === "Java") {
      if (process.env.SAG_SOAK !== "1") notRunHere(context, inSoak);
      needsProgram(context, "mvn", "javac", "keytool");
    }
    if (name.startsWith("Python")) {
      needsProgram(context, "python3");
      const needed = unknownPython();
      if (needed) notRunHere(context, needed);
    }
    driver = await drivers[name]?.(target);
    const { typed = false } = await answer("DescribeRegions", {}, "smartag");
    expect(typed).toBe(name === "Go" || name.startsWith("Python"));
    const regions = list(await ask("DescribeRegions"), "Regions", "Region");
    expect(regions.length).toBeGreaterThan(20);
    expect(new Set(regions.map((region) => region.RegionEndpoint))).toEqual(new Set([target.endpoint]));
  });

  const withDriver = (title: string, run: () => Promise<void>) =>
    test(title, async (context) => {
      if (driver === undefined) notRunHere(context, name === "Java" ? inSoak : `the client library for ${name}`);
      await run();
    });
  const rule = {
    ...{ RegionId, Direction: "in", Policy: "accept", IpProtocol: "SSH(22)", SourceCidr: "10.0.0.0/8" },
    ...{ DestCidr: "10.0.0.0/8", SourcePortRange: "-1/-1", DestPortRange: "-1/-1" },
  };

  withDriver("an access control list: create, read, change, delete, delete again", async () => {
    const { AclId } = await ask("CreateACL", { RegionId, Name: "officials" });
    const { AcrId } = await ask("AddACLRule", { ...rule, AclId, Priority: 7 });
    const rules = list(await ask("DescribeACLAttribute", { RegionId, AclId }), "Acrs", "Acr");
    expect(rules).toMatchObject([{ AcrId, IpProtocol: "SSH(22)", Priority: 7 }]);
    await ask("ModifyACL", { RegionId, AclId, Name: "renamed" });
    expect(list(await ask("DescribeACLs", { RegionId, AclIds: AclId }), "Acls", "Acl")).toMatchObject([
      { AclId, Name: "renamed" },
    ]);
    await ask("DeleteACLRule", { RegionId, AclId, AcrId });
    expect(await code("DeleteACLRule", { RegionId, AclId, AcrId })).toEqual(refusal("ParameterSagACLRuleId"));
    await ask("DeleteACL", { RegionId, AclId });
    expect(await code("DeleteACL", { RegionId, AclId })).toEqual(refusal("ParameterSagACLId"));
    expect(await code("DescribeACLAttribute", { RegionId, AclId })).toEqual(refusal("SagAclRuleNotExist"));
  });

  withDriver("a QoS policy: create, read, change, use, delete, delete again", async () => {
    const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
    const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
    const { QosId } = await ask("CreateQos", { RegionId, QosName: "officials", QosDescription: "by a client" });
    const qos = { RegionId, QosId };
    const limit = { LimitType: "Absolute", MinBandwidthAbs: 2, MaxBandwidthAbs: 6 };
    const { QosCarId } = await ask("CreateQosCar", { ...qos, ...limit, Priority: 1, Name: "calls" });
    const cars = async () => list(await ask("DescribeQosCars", { ...qos, QosCarId }), "QosCars", "QosCar");
    expect(await cars()).toMatchObject([{ QosCarId, ...limit, Priority: 1, Name: "calls" }]);
    const percent = { LimitType: "Percent", MinBandwidthPercent: 10, MaxBandwidthPercent: 90 };
    await ask("ModifyQosCar", { ...qos, QosCarId, ...percent, PercentSourceType: "CcnBandwidth" });
    expect(await cars()).toMatchObject([{ QosCarId, ...percent, PercentSourceType: "CcnBandwidth" }]);
    const tuple = {
      ...{ IpProtocol: "UDP", SourceCidr: "0.0.0.0/0", SourcePortRange: "-1/-1" },
      ...{ DestCidr: "10.0.0.0/8", DestPortRange: "5004/5005", StartTime: "2026-07-14T16:41:33+0800" },
    };
    const made = { ...qos, ...tuple, Priority: 1, Name: "rtp", DpiGroupIds: ["20"], DpiSignatureIds: ["7"] };
    const { QosPolicyId } = await ask("CreateQosPolicy", made);
    await ask("ModifyQosPolicy", { ...qos, QosPolicyId, DestPortRange: "16384/32767" });
    expect(list(await ask("DescribeQosPolicies", qos), "QosPolicies", "QosPolicy")).toMatchObject([
      { QosPolicyId, ...tuple, DestPortRange: "16384/32767", DpiGroupIds: { DpiGroupId: ["20"] } },
    ]);
    await ask("ModifyQos", { ...qos, QosName: "renamed" });
    expect(await ask("GetQosAttribute", qos)).toMatchObject({
      QosName: "renamed",
      QosCars: [{ QosCarId, ...percent }],
      QosPolicies: [{ QosPolicieName: "rtp", StartTime: Date.parse("2026-07-14T16:41:33+08:00") }],
    });
    await ask("AssociateQos", { ...qos, SmartAGId });
    expect(await code("AssociateQos", { ...qos, SmartAGId })).toEqual(refusal("SmartAGAlreadyAssociateQos"));
    expect(list(await ask("DescribeQoses", { RegionId, QosIds: QosId }), "Qoses", "Qos")).toMatchObject([
      { QosId, QosName: "renamed", SagCount: "1", SmartAGIds: SmartAGId },
    ]);
    expect(await code("DeleteQos", qos)).toEqual(refusal("QoS.InUse"));
    await ask("DisassociateQos", { ...qos, SmartAGId });
    expect(await code("DisassociateQos", { ...qos, SmartAGId })).toEqual(refusal("SmartAGNotAssociateQos"));
    const bad = { ...qos, ...limit, Priority: 8 };
    expect(await code("CreateQosCar", bad)).toEqual(refusal("InvalidParameter.Priority"));
    const reversed = { ...qos, ...limit, Priority: 1, MinBandwidthAbs: 7 };
    expect(await code("CreateQosCar", reversed)).toEqual(refusal("InvalidParameter.MaxBandwidthAbs"));
    expect(await code("CreateQosPolicy", { ...made, IpProtocol: "SCTP" })).toEqual(refusal("NotSupportedProtocol"));
    expect(await code("CreateQosPolicy", { ...made, EndTime: "2020-07-14T16:41:33+0800" })).toEqual(
      refusal("InvalidTimeRangeCompare"),
    );
    await ask("DeleteQosPolicy", { ...qos, QosPolicyId });
    expect(await code("DeleteQosPolicy", { ...qos, QosPolicyId })).toEqual(refusal("ParameterSagQosPolicyId"));
    await ask("DeleteQosCar", { ...qos, QosCarId });
    expect(await code("DeleteQosCar", { ...qos, QosCarId })).toEqual(refusal("ParameterSagQosCarId"));
    await ask("DeleteQos", qos);
    for (const [action, fields, expected] of [
      ["CreateQos", { RegionId, QosName: "1st of all" }, "InvalidParameter.Name"],
      ["DeleteQos", qos, "ParameterSagQosId"],
      ["ModifyQos", { ...qos, QosName: "again" }, "InvalidId.Qos"],
      ["GetQosAttribute", qos, "InvalidId.Qos"],
      ["ModifyQosCar", { ...qos, QosCarId, Priority: 2 }, "InvalidId.Qos"],
      ["ModifyQosPolicy", { ...qos, QosPolicyId, Priority: 2 }, "InvalidId.Qos"],
      ["DescribeQosCars", qos, "SagQosCarNotExist"],
      ["DescribeQosPolicies", qos, "SagQosPolicyNotExist"],
      ["DescribeQoses", { RegionId: "cn-atlantis" }, "InvalidRegionId"],
    ] as const) {
      expect(await code(action, fields), action).toEqual(refusal(expected));
    }
    await ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId });
  });

  withDriver("a flow log: create, read, change, use, stop, start, delete, delete again", async () => {
    const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
    const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
    const given = { Name: "officials", OutputType: "netflow", NetflowServerIp: "10.9.9.9", NetflowServerPort: 2_055 };
    const { FlowLogId } = await ask("CreateFlowLog", { RegionId, ...given });
    const flowLog = { RegionId, FlowLogId };
    const read = async () => list(await ask("DescribeFlowLogs", flowLog), "FlowLogs", "FlowLogSetType");
    const shown = { FlowLogId, ...given, NetflowServerPort: "2055" };
    expect(await read()).toMatchObject([{ ...shown, Status: "Active", ActiveAging: 300, InactiveAging: 15 }]);
    const sls = { OutputType: "all", SlsRegionId: RegionId, ProjectName: "flows", LogstoreName: "flows" };
    const changed = { ...sls, Description: "by a client", ActiveAging: 60, InactiveAging: 10, NetflowVersion: "V10" };
    await ask("ModifyFlowLogAttribute", { ...flowLog, ...changed });
    expect(await read()).toMatchObject([{ ...shown, ...changed }]);
    const unbound = async () => list(await ask("DescribeUnbindFlowLogSags", { RegionId }), "Sags", "Sag");
    const sag = expect.objectContaining({ SmartAGId });
    expect(await unbound()).toContainEqual(sag);
    await ask("AssociateFlowLog", { ...flowLog, SmartAGId });
    expect(list(await ask("DescribeFlowLogSags", flowLog), "Sags", "Sag")).toMatchObject([{ SmartAGId }]);
    expect(await unbound()).not.toContainEqual(sag);
    expect(await code("ActiveFlowLog", flowLog)).toEqual(refusal("IncorrectStatus.FlowLog"));
    await ask("DeactiveFlowLog", flowLog);
    expect(await code("DeactiveFlowLog", flowLog)).toEqual(refusal("IncorrectStatus.FlowLog"));
    expect(await read()).toMatchObject([{ Status: "Inactive", TotalSagNum: 1 }]);
    await ask("ActiveFlowLog", flowLog);
    expect(await code("DeleteFlowLog", flowLog)).toEqual(refusal("DependencyViolation.FlowLog"));
    await ask("DisassociateFlowLog", { ...flowLog, SmartAGId });
    for (const [action, fields, expected] of [
      ["CreateFlowLog", { RegionId }, "MissingParam.NetflowServerIp"],
      ["CreateFlowLog", { RegionId, ...given, ActiveAging: 59 }, "IllegalParam.ActiveAging"],
      ["ModifyFlowLogAttribute", { ...flowLog, NetflowVersion: "V8" }, "IllegalParam.NetflowVersion"],
      ["AssociateFlowLog", { ...flowLog, SmartAGId: "sag-none" }, "InvalidSmartAGId.NotFound"],
      ["DisassociateFlowLog", { ...flowLog, SmartAGId }, "InvalidFlowLogId.NotFound"],
      ["DescribeFlowLogs", { RegionId, Status: "Paused" }, "IllegalParam.Status"],
      ["DescribeUnbindFlowLogSags", { RegionId: "cn-atlantis" }, "IllegalParam.RegionId"],
    ] as const) {
      expect(await code(action, fields), action).toEqual(refusal(expected));
    }
    await ask("DeleteFlowLog", flowLog);
    for (const action of [
      "DeleteFlowLog",
      "ActiveFlowLog",
      "DeactiveFlowLog",
      "ModifyFlowLogAttribute",
      "DescribeFlowLogSags",
    ]) {
      expect(await code(action, flowLog), action).toEqual(refusal("InvalidFlowLogId.NotFound"));
    }
    await ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId });
  });

  withDriver("a CCN and a CEN: create, attach, tag, read, detach, delete, delete again", async () => {
    const knowsIsDefault = name !== "Python V2";
    const given = { RegionId, Name: "officials", ...(knowsIsDefault ? { IsDefault: true } : {}) };
    const { CcnId } = await ask("CreateCloudConnectNetwork", given);
    await ask("ModifyCloudConnectNetwork", { RegionId, CcnId, Description: "by a client" });
    const networks = await ask("DescribeCloudConnectNetworks", { RegionId, CcnId });
    expect(list(networks, "CloudConnectNetworks", "CloudConnectNetwork")).toMatchObject([
      { CcnId, CidrBlock: "", Description: "by a client", ...(knowsIsDefault ? { IsDefault: true } : {}) },
    ]);
    const { CenId } = await cbn("CreateCen", { Name: "officials" });
    const tagged = { RegionId, ResourceType: "cen", ResourceId: [CenId] };
    await cbn("TagResources", { ...tagged, Tag: [{ Key: "made-by", Value: name }] });
    expect(list(await cbn("ListTagResources", tagged), "TagResources", "TagResource")).toMatchObject([
      { ResourceId: CenId, TagKey: "made-by", TagValue: name },
    ]);
    await cbn("UntagResources", { ...tagged, TagKey: ["made-by"] });
    expect(list(await cbn("ListTagResources", tagged), "TagResources", "TagResource")).toEqual([]);
    const region = { ChildInstanceType: "CCN", ChildInstanceRegionId: `ccn-${RegionId}` };
    const child = { CenId, ChildInstanceId: CcnId, ...region };
    await cbn("AttachCenChildInstance", child);
    expect(await cbn("DescribeCenAttachedChildInstanceAttribute", child)).toMatchObject({ Status: "Attached" });
    await cbn("DetachCenChildInstance", child);
    expect(await code("DetachCenChildInstance", child, "cbn")).toEqual(refusal("ParameterInstanceId"));
    expect(await code("DescribeCenAttachedChildInstanceAttribute", child, "cbn")).toEqual(
      refusal("ParameterInstanceId"),
    );
    await cbn("DeleteCen", { CenId });
    expect(await code("DeleteCen", { CenId }, "cbn")).toEqual(refusal("ParameterCenInstanceId"));
    await ask("DeleteCloudConnectNetwork", { RegionId, CcnId });
    expect(await code("DeleteCloudConnectNetwork", { RegionId, CcnId })).toEqual(refusal("ParameterCcnInstanceId"));
  });

  withDriver("an instance and its accounts: order, create, read, change, delete, delete again", async () => {
    const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
    const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
    const one = { RegionId, SmartAGId, UserName: "anna.meyer" };
    const made = { ...one, UserMail: "anna@example.com", Password: "correct-horse", Bandwidth: 2_000 };
    await ask("CreateSmartAccessGatewayClientUser", made);
    await ask("ModifySmartAccessGatewayClientUser", { ...one, Bandwidth: 5_000 });
    const users = await ask("DescribeSmartAccessGatewayClientUsers", { RegionId, SmartAGId });
    expect(list(users, "Users", "User")).toMatchObject([{ UserName: "anna.meyer", Bandwidth: 5_000 }]);
    await ask("DeleteSmartAccessGatewayClientUser", one);
    expect(await code("DeleteSmartAccessGatewayClientUser", one)).toEqual(refusal("ParameterSagClientId"));
    await ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId });
    expect(await code("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId })).toEqual(
      refusal("SAG.InstanceNoFound"),
    );
  });

  withDriver("pages, lists of filters, and what is refused", async () => {
    const ids: unknown[] = [];
    for (let n = 0; n < 5; n++) ids.push((await ask("CreateACL", { RegionId, Name: `paged ${name}` })).AclId);
    const page = async (PageNumber: number) => {
      const body = await ask("DescribeACLs", { RegionId, Name: `paged ${name}`, PageNumber, PageSize: 2 });
      expect(body).toMatchObject({ TotalCount: 5, PageNumber, PageSize: 2 });
      return list(body, "Acls", "Acl").map((acl) => acl.AclId);
    };
    // Each is listed once; those created in the same millisecond are sorted by id.
    expect([await page(1), await page(2), await page(3)].flat().sort()).toEqual([...ids].sort());
    for (const AclId of ids) await ask("DeleteACL", { RegionId, AclId });
    expect(await code("DescribeACLs", { RegionId: "cn-atlantis" })).toEqual(refusal("InvalidRegionId"));
    // Generated classes cannot send an unknown field.
    if (name !== "Python V2") expect(await code("DescribeACLs", { RegionId, NoSuchField: "x" })).toBe("accepted");
    const filter = (Key: string) => ({ Filter: [{ Key, Value: ["cen-none"] }] });
    expect(await cbn("DescribeCens", filter("CenId"))).toMatchObject({ TotalCount: 0 });
    expect(await code("DescribeCens", filter("Nmae"), "cbn")).toEqual(refusal("InvalidFilter"));
    expect(await cbn("DescribeCenGeographicSpans", { PageSize: 50 })).toMatchObject({ TotalCount: 15 });
    const regions = await cbn("DescribeChildInstanceRegions", { ProductType: "CCN" });
    expect(list(regions, "Regions", "Region").map((region) => region.RegionId)).toContain(`ccn-${RegionId}`);
  });
});
