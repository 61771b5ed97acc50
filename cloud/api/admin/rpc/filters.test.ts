import { afterAll, beforeAll, expect, test } from "vitest";
import { say } from "../../../base/say.ts";
import { registerAccessPoint, type TestAccessPoint } from "../../../testing/access-point.ts";
import { type Ask, type Fields, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { carParameters, policyParameters } from "../../../testing/both-entries.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";
import { operations } from "./operations/index.ts";

// An ignored filter would return too much, and scripts would act on objects that they did not ask for.

let server: TestServer;
let point: TestAccessPoint;
let ask: Ask;
/** Required values of operations, by parameter. */
const needed: Fields = { RegionId: "cn-shanghai", OpenApiName: "*", ResourceType: "cen", ChildInstanceType: "CCN" };
const abroad = "eu-central-1";

beforeAll(async () => {
  server = await startServer();
  point = await registerAccessPoint(server.running.url, server.ask, "here");
  await point.connect();
  ask = openApi(server, await makeKey(server));
  const { RegionId } = needed;
  const make = async (action: string, fields: Fields, answer: string, product?: "cbn" | "sag") => {
    needed[answer] = (await ask(action, fields, product))[answer];
  };
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 10, AutoPay: true };
  await make("CreateSmartAccessGatewaySoftware", order, "SmartAGId");
  const one = { RegionId, SmartAGId: needed.SmartAGId };
  const account = { ...one, UserMail: "a@example.com", UserName: "anna.test", Password: "correct-horse", Bandwidth: 5 };
  await make("CreateSmartAccessGatewayClientUser", account, "UserName");
  await make("CreateCloudConnectNetwork", { RegionId, Name: "branch" }, "CcnId");
  await make("CreateACL", { RegionId, Name: "guests" }, "AclId");
  const rule = {
    Direction: "out",
    Policy: "drop",
    IpProtocol: "tcp",
    SourcePortRange: "-1/-1",
    DestPortRange: "-1/-1",
  };
  await ask("AddACLRule", { RegionId, AclId: needed.AclId, ...rule, SourceCidr: "10.0.0.0/8", DestCidr: "10.0.0.0/8" });
  await make("CreateQos", { RegionId, QosName: "calls" }, "QosId");
  const qos = { RegionId, QosId: needed.QosId, Description: "calls" };
  await ask("CreateQosCar", { ...qos, ...carParameters });
  await ask("CreateQosPolicy", { ...qos, ...policyParameters });
  const logged = { RegionId, Name: "flows", Description: "flows", NetflowServerIp: "10.9.9.9" };
  await make("CreateFlowLog", logged, "FlowLogId");
  await make("CreateCen", { Name: "backbone", Tag: [{ Key: "env", Value: "prod" }] }, "CenId", "cbn");
  const { CenId, CcnId } = needed;
  await ask("AttachCcnInstanceToCen", { CcnId, CenId });
  const network = { RegionId, Name: "office", CidrBlock: ["10.40.0.0/16"] };
  await make("CreateCloudNetwork", network, "CloudNetworkId", "sag");
  const child = { CenId, ChildInstanceId: needed.CloudNetworkId, ChildInstanceType: "VPC" };
  await ask("AttachCenChildInstance", { ...child, ChildInstanceRegionId: RegionId }, "cbn");
  const bought = { Bandwidth: 5, GeographicRegionAId: "China", GeographicRegionBId: "Europe" };
  await make("CreateCenBandwidthPackage", bought, "CenBandwidthPackageId", "cbn");
  await ask("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId: needed.CenBandwidthPackageId }, "cbn");
  const limit = { CenId, LocalRegionId: "ccn-cn-shanghai", OppositeRegionId: abroad, BandwidthLimit: 2 };
  await ask("SetCenInterRegionBandwidthLimit", limit, "cbn");
  const granted = { CcnInstanceId: CcnId, CenInstanceId: CenId, CenUid: await ownUid() };
  await ask("GrantInstanceToCbn", { RegionId, ...granted });
  const points = (await ask("ListAccessPoints", { RegionId })).AccessPoints as { AccessPointId: number }[];
  Object.assign(needed, { AccessPointId: points[0]?.AccessPointId, SmartAGSn: needed.SmartAGId });
  Object.assign(needed, { SerialNumber: needed.SmartAGId, ChildInstanceId: CcnId, CenRegionId: RegionId });
});
afterAll(async () => {
  await point.disconnect();
  await server.close();
});

async function ownUid(): Promise<number> {
  const { Tenants } = await ask("DescribeTenants", {}, "sag");
  return (Tenants as { Tenant: { Uid: number; IsDefault: boolean }[] }).Tenant.find((t) => t.IsDefault)?.Uid ?? 0;
}

/** Parameters that are not filters: page, order, and modifiers of other filters. */
const notFilters = [
  ...["PageNumber", "PageSize", "MaxResults", "NextToken", "Order", "IsOrKey"],
  // The month whose traffic is counted.
  "StatisticsDate",
];

/** Values that no object has, for parameters with a fixed set of values. */
const unheardOf: Record<string, unknown> = {
  "ListEnterpriseCode IsDefault": false,
  RegionId: abroad,
  ChildInstanceRegionId: abroad,
  TrRegionId: "us-west-1",
  Priority: 7,
  OutputType: "all",
  "DescribeFlowLogs Status": "Inactive",
  Status: "Ordered",
  BusinessState: "Arrearage",
  SmartAGStatus: "Offline",
  CanAssociateQos: false,
  CrossAccount: true,
  AclType: "acl-hardware",
  Direction: "in",
  ChildInstanceType: "VBR",
  ProductType: "VBR",
  UnboundAclIds: "THE-ACL",
  Filter: [{ Key: "Name", Value: ["none-such"] }],
  Tag: [{ Key: "none-such" }],
};

/** Ids of single objects, which must exist. */
const named: Record<string, string> = {
  "ListAccessPoints SmartAGId": "SAG.InstanceNoFound",
  "DescribeGrantRules AssociatedCcnId": "CcnNotExist",
  "DescribeUserOnlineClientStatistics UserNames": "ClientUser.NameInvalid",
  "DescribeUserFlowStatistics UserNames": "ClientUser.NameInvalid",
  "DescribeCenInterRegionBandwidthLimits CenId": "ParameterCenInstanceId",
  "DescribeCenChildInstanceRouteEntries ChildInstanceRegionId": "ParameterIllegal.ChildInstanceRegionId",
  "DescribeCenAttachedChildInstances ChildInstanceType": "ParameterIllegal.ChildInstanceType",
  "DiscribeSmartAccessGatewayDiagnosisReport RegionId": "InvalidRegionId",
  "DescribeFlowLogSags FlowLogId": "InvalidFlowLogId.NotFound",
  "DescribeAccessKeys Tenant": "Tenant.NotFound",
  "DescribeQuotas Tenant": "Tenant.NotFound",
};

/** Number of list elements in an answer. */
function elements(answer: Fields): number {
  const lists = Object.values(answer).flatMap((value) => (Array.isArray(value) ? [value] : inner(value)));
  return lists.reduce((sum, list) => sum + list.length, 0);
}
const inner = (value: unknown): unknown[][] =>
  typeof value === "object" && value !== null ? Object.values(value).filter((list) => Array.isArray(list)) : [];

const reading = operations.filter(({ name }) => /^(Describe|List|Get|Discribe)/.test(name));
for (const { name, product, parameters } of reading) {
  const filters = Object.entries(parameters).filter(
    ([parameter, { required, rule }]) =>
      !required && !notFilters.includes(parameter) && rule !== say("form_no_effect").text,
  );
  for (const [parameter, { type }] of filters) {
    test(`${name}: ${parameter} with a value that no object has matches nothing`, async () => {
      const own = Object.entries(parameters).filter(([, { required }]) => required);
      const base = Object.fromEntries(own.map(([key]) => [key, needed[key]]));
      const word = unheardOf[`${name} ${parameter}`] ?? unheardOf[parameter] ?? "none-such";
      const value = word === "THE-ACL" ? needed.AclId : Array.isArray(type) && word === "none-such" ? [word] : word;
      if (parameter === "UnboundAclIds") await ask("AssociateACL", { ...needed });
      const asked = ask(name, { ...base, [parameter]: value }, product);
      const outcome = await asked.then(elements, (error: Refused) => error.code);
      if (parameter === "UnboundAclIds") await ask("DisassociateACL", { ...needed });
      expect(outcome).toBe(named[`${name} ${parameter}`] ?? 0);
      if (outcome === 0) expect(elements(await ask(name, base, product)), "without the filter").toBeGreaterThan(0);
    });
  }
}
