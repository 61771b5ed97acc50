import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ask, type Fields, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { carParameters, policyParameters } from "../../../testing/both-entries.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";
import { operations } from "./operations/index.ts";

// Tools delete their record of an object that is reported as gone, so an object in another region must never be reported like that.

let server: TestServer;
let ask: Ask;
const home = "cn-shanghai";
const wrong = "eu-central-1";
const given: Fields = {
  ...{ OriginRegionId: home, OpenApiName: "*", UserMail: "b@example.com", Bandwidth: 5, Name: "another" },
  ...{ Direction: "out", Policy: "drop", IpProtocol: "ALL", SourceCidr: "10.0.0.0/8", DestCidr: "10.0.0.0/8" },
  ...{
    SourcePortRange: "-1/-1",
    DestPortRange: "-1/-1",
    UserCount: 10,
    DataPlan: 5,
    AutoPay: true,
    CenUid: 1,
    CcnUid: 1,
  },
};

beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
  const order = { RegionId: home, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 10, AutoPay: true };
  const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
  const other = await ask("CreateSmartAccessGatewaySoftware", order);
  const account = { RegionId: home, SmartAGId, UserName: "anna.test", UserMail: "a@example.com" };
  await ask("CreateSmartAccessGatewayClientUser", { ...account, Password: "correct-horse", Bandwidth: 5 });
  const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId: home, Name: "branch" });
  const { AclId } = await ask("CreateACL", { RegionId: home, Name: "guests" });
  const { AcrId } = await ask("AddACLRule", { RegionId: home, AclId, ...given });
  const { QosId } = await ask("CreateQos", { RegionId: home, QosName: "calls" });
  const { QosCarId } = await ask("CreateQosCar", { RegionId: home, QosId, ...carParameters });
  const { QosPolicyId } = await ask("CreateQosPolicy", { RegionId: home, QosId, ...policyParameters });
  const { FlowLogId } = await ask("CreateFlowLog", { RegionId: home, NetflowServerIp: "10.9.9.9" });
  Object.assign(given, { QosId, QosCarId, QosPolicyId, FlowLogId, QosName: "other", ...carParameters });
  const { CenId } = await ask("CreateCen", {}, "cbn");
  await ask("AttachCcnInstanceToCen", { RegionId: home, CcnId, CenId });
  await ask("BindSmartAccessGateway", { RegionId: home, CcnId, SmartAGId });
  const { EnterpriseCodes } = await ask("ListEnterpriseCode", { RegionId: home });
  const [code] = EnterpriseCodes as { EnterpriseCode: string }[];
  Object.assign(given, { SmartAGId, InstanceId: SmartAGId, OriginSmartAGId: SmartAGId, SmartAGSn: SmartAGId });
  Object.assign(given, { SerialNumber: SmartAGId, TargetSmartAGId: other.SmartAGId, UserName: "anna.test" });
  Object.assign(given, { Username: "anna.test", CcnId, CcnInstanceId: CcnId, AssociatedCcnId: CcnId, AclId, AcrId });
  Object.assign(given, { CenId, CenInstanceId: CenId, AccessPointId: 1, EnterpriseCode: code?.EnterpriseCode });
});
afterAll(() => server.close());

/** Parameters that refer to an object in a region. */
const objects = [
  ...["SmartAGId", "InstanceId", "CcnId", "CcnInstanceId", "AssociatedCcnId", "AclId", "TargetSmartAGId"],
  ...["QosId", "FlowLogId"],
];
/** Operations whose region is just another filter, or has no effect on objects of the whole account. */
const filtered = ["DescribeSmartAccessGateways", "DescribeCloudConnectNetworks", "DescribeFlowLogs"];

for (const { name, product, parameters } of operations) {
  const of = objects.filter((object) => Object.hasOwn(parameters, object));
  if (!Object.hasOwn(parameters, "RegionId") || of.length === 0 || filtered.includes(name)) continue;
  test(`${name} reports the region of an object that is in another one`, async () => {
    const wanted = Object.entries(parameters).filter(([key, { required }]) => required || of.includes(key));
    const fields = Object.fromEntries([...wanted.map(([key]) => [key, given[key]]), ["RegionId", wrong]]);
    if (name.endsWith("Cen") || name.endsWith("ToCen")) fields.CenId = given.CenId;
    const refusal = await ask(name, fields, product).then(
      () => undefined,
      (error: Refused) => error,
    );
    const attachment = ["AttachCcnInstanceToCen", "DetachCcnInstanceFromCen"].includes(name);
    expect(refusal?.code).toBe(attachment ? "ParameterIllegal.ChildInstanceRegionId" : "InvalidRegionId");
    expect([refusal?.status, refusal?.message]).toEqual([
      400,
      expect.stringMatching(/in cn-shanghai.*in eu-central-1\.$/),
    ]);
  });
}

/** Lists with a filter by ids of what they list: the parameter with the object's id, as text or as a list. */
const lists: [operation: string, parameter: string, object: string, isList?: boolean][] = [
  ["DescribeSmartAccessGateways", "SmartAGId", "SmartAGId"],
  ["DescribeSmartAccessGateways", "SmartAGIds", "SmartAGId", true],
  ["DescribeSmartAccessGateways", "SerialNumber", "SmartAGId"],
  ["DescribeSagOnlineClientStatistics", "SmartAGIds", "SmartAGId", true],
  ["DescribeCloudConnectNetworks", "CcnId", "CcnId"],
  ["DescribeACLs", "AclIds", "AclId"],
  ["DescribeQoses", "QosIds", "QosId"],
  ["DescribeFlowLogs", "FlowLogId", "FlowLogId"],
];

for (const [operation, parameter, object, isList = false] of lists) {
  test(`${operation} refuses ${parameter} of an object in another region, and finds nothing for an unknown one`, async () => {
    const found = (RegionId: string, id: unknown) =>
      ask(operation, { RegionId, [parameter]: isList ? [id] : id }).then(
        (answer) => elements(answer),
        (error: Refused) => `${error.status} ${error.message}`,
      );
    expect(await found(wrong, given[object])).toMatch(
      /^400 InvalidRegionId: .* is in cn-shanghai, not in eu-central-1\.$/,
    );
    expect(await found(home, given[object])).toBe(1);
    expect(await found(home, "none-such")).toBe(0);
    expect(await found(wrong, "none-such")).toBe(0);
  });
}

/** Number of elements of the answer's only list. */
function elements(answer: Fields): number {
  const inner = Object.values(answer).flatMap((value) =>
    typeof value === "object" && value ? Object.values(value) : [],
  );
  return inner.find((value) => Array.isArray(value))?.length ?? -1;
}

for (const region of [wrong, `ccn-${wrong}`]) {
  test(`refuses to attach, read or detach a CEN's child in ${region}, where it is not`, async () => {
    const { CenId, CcnId: ChildInstanceId } = given;
    const child = { CenId, ChildInstanceId, ChildInstanceType: "CCN", ChildInstanceRegionId: region };
    for (const action of [
      "AttachCenChildInstance",
      "DescribeCenAttachedChildInstanceAttribute",
      "DescribeCenChildInstanceRouteEntries",
      "DetachCenChildInstance",
    ]) {
      const code = await ask(action, child, "cbn").then(
        () => "accepted",
        (error: Refused) => error.code,
      );
      expect(code, action).toBe("ParameterIllegal.ChildInstanceRegionId");
    }
    const right = { ...child, ChildInstanceRegionId: `ccn-${home}` };
    expect((await ask("DescribeCenAttachedChildInstanceAttribute", right, "cbn")).Status).toBe("Attached");
  });
}

test("binds and unbinds an instance in its own region or in the CCN's", async () => {
  const order = { RegionId: "cn-beijing", ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 1, AutoPay: true };
  const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
  const both = { CcnId: given.CcnId, SmartAGId };
  for (const RegionId of [home, "cn-beijing"]) {
    await ask("BindSmartAccessGateway", { ...both, RegionId });
    await ask("UnbindSmartAccessGateway", { ...both, RegionId });
  }
});
