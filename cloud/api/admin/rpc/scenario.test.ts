import { afterAll, beforeAll, expect, test } from "vitest";
import { registerAccessPoint, type TestAccessPoint } from "../../../testing/access-point.ts";
import { type Ask, type Fields, local, makeKey, openApi } from "../../../testing/admin-api.ts";
import { conforming } from "../../../testing/conformance.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";
import { operations } from "./operations/index.ts";

let server: TestServer;
let here: TestAccessPoint;
let ours: Ask;
let theirs: Ask;
let uids: { ours: number; theirs: number };
const seen = new Set<string>();
const wrong: string[] = [];
const RegionId = "cn-shanghai";
const abroad = "ap-southeast-1";

beforeAll(async () => {
  server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  here = await registerAccessPoint(server.running.url, server.ask, "here");
  await here.connect();
  ours = conforming(openApi(server, await makeKey(server)), seen, wrong);
  theirs = conforming(openApi(server, await makeKey(server, "administrator", "partner"), true), seen, wrong);
  const all = (await local(server, "DescribeTenants")).Tenants as { Tenant: { Name: string; Uid: number }[] };
  const uid = (name: string) => all.Tenant.find((tenant) => tenant.Name === name)?.Uid ?? 0;
  uids = { ours: uid("default"), theirs: uid("partner") };
});
afterAll(async () => {
  await here.disconnect();
  await server.close();
});

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { code?: string }) => error.code ?? String(error),
  );
const list = (answer: Fields, outer: string, inner: string) => (answer[outer] as Record<string, Fields[]>)[inner] ?? [];

async function instance(ask: Ask, region = RegionId, users = 10): Promise<string> {
  const order = { RegionId: region, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: users, AutoPay: true };
  return String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
}

test("an instance from its order to its end", async () => {
  const SmartAGId = await instance(ours);
  const one = { RegionId, SmartAGId };
  await ours("ModifySmartAccessGateway", {
    ...one,
    Name: "Contoso",
    Description: "the office",
    CidrBlock: "10.80.0.0/24,10.81.0.0/24",
  });
  await ours("UpgradeSmartAccessGatewaySoftware", { ...one, UserCount: 20, DataPlan: 5, AutoPay: true });
  await ours("DowngradeSmartAccessGatewaySoftware", { ...one, UserCount: 15, DataPlan: 5, AutoPay: true });
  const found = list(
    await ours("DescribeSmartAccessGateways", { RegionId, Name: "onto" }),
    "SmartAccessGateways",
    "SmartAccessGateway",
  );
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({
    Name: "Contoso",
    CidrBlock: "10.80.0.0/24,10.81.0.0/24",
    UserCount: 15,
    Status: "Active",
  });
  expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({ Name: "Contoso", DataPlan: 5 });
  expect(await ours("GetSmartAccessGatewayUseLimit", { RegionId })).toMatchObject({ TotalAmount: 500, UsedAmount: 1 });
  await local(server, "SetInstanceLock", { SmartAGId, Locked: "true" });
  expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({ Status: "Offline" });
  await ours("UnlockSmartAccessGateway", { SmartAGId });
  expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({ Status: "Active" });
  const asked = { ...one, SerialNumber: SmartAGId, OpenApiName: "CreateQos" };
  expect((await ours("ListSmartAGApiUnsupportedFeature", asked)).Features).toEqual([{ Feature: "CreateQos" }]);
  expect(await code(ours("CreateQos", { RegionId }))).toBe("UnsupportedOperation");
  await ours("DeleteSmartAccessGateway", { InstanceId: SmartAGId });
  expect(await code(ours("DescribeSmartAccessGatewayAttribute", one))).toBe("SAG.InstanceNoFound");
  expect(list(await ours("DescribeRegions"), "Regions", "Region").length).toBeGreaterThan(20);
});

test("accounts", async () => {
  const SmartAGId = await instance(ours);
  const one = { RegionId, SmartAGId };
  await ours("ModifySmartAccessGateway", { ...one, CidrBlock: "10.82.0.0/24" });
  const anna = { ...one, UserName: "anna.test" };
  const made = {
    ...anna,
    UserMail: "anna@example.com",
    Password: "correct-horse",
    Bandwidth: 20_000,
    ClientIp: "10.82.0.7",
  };
  expect(await ours("CreateSmartAccessGatewayClientUser", made)).toMatchObject({
    UserName: "anna.test",
    ClientIp: "10.82.0.7",
  });
  expect(
    await ours("CreateSmartAccessGatewayClientUser", { ...one, UserMail: "berta@example.com", Bandwidth: 1 }),
  ).toMatchObject({
    UserName: "berta@example.com",
  });
  expect(
    await ours("ModifySmartAccessGatewayClientUser", { ...anna, Bandwidth: 5_000, Email: "a@example.com" }),
  ).toMatchObject({
    Bandwidth: 5_000,
    UserMail: "a@example.com",
  });
  await ours("DisableSmartAccessGatewayUser", anna);
  const users = async (more: Fields = {}) =>
    list(await ours("DescribeSmartAccessGatewayClientUsers", { ...one, ...more }), "Users", "User");
  expect(await users({ UserName: "anna.test" })).toMatchObject([{ State: 1, IsStaticIp: 1 }]);
  await ours("EnableSmartAccessGatewayUser", anna);
  expect(await users()).toHaveLength(2);
  await ours("ResetSmartAccessGatewayClientUserPassword", { ...anna, Password: "another-horse" });
  await ours("UpdateSmartAGUserAccelerateConfig", { ...anna, Bandwidth: 500 });
  expect(await code(ours("UpdateSmartAGUserAccelerateConfig", { ...anna, Bandwidth: 600, DryRun: true }))).toBe(
    "DryRunOperation",
  );
  expect(await users({ UserName: "anna.test" })).toMatchObject([{ AccelerateBandwidth: 500 }]);
  expect(await ours("DescribeUserOnlineClients", anna)).toMatchObject({ Users: { User: [] } });
  expect(await ours("DescribeUserOnlineClientStatistics", { ...one, UserNames: ["anna.test"] })).toMatchObject({
    UserStatistics: { Statistics: [{ UserName: "anna.test", OnlineCount: "0" }] },
  });
  const online = await ours("DescribeSagOnlineClientStatistics", { RegionId, SmartAGIds: [SmartAGId] });
  expect(online).toMatchObject({ SagStatistics: { Statistics: [{ SmartAGId, OnlineCount: "0" }] } });
  expect(await ours("DescribeUserFlowStatistics", { ...one, UserNames: ["anna.test"] })).toMatchObject({
    SagStatistics: { Statistics: [{ UserName: "anna.test", TotalBytes: "0", TotalLeaveBytes: String(5 * 1024 ** 3) }] },
  });
  await ours("KickOutClients", { ...one, Username: "anna.test" });
  await ours("DeleteSmartAccessGatewayClientUser", anna);
  expect(await users()).toHaveLength(1);
});

test("roaming: to another area, not within one", async () => {
  const home = await instance(ours);
  const away = await instance(ours, abroad);
  await ours("ModifySmartAccessGateway", { RegionId, SmartAGId: home, CidrBlock: "10.83.0.0/24" });
  await ours("ModifySmartAccessGateway", { RegionId: abroad, SmartAGId: away, CidrBlock: "10.84.0.0/24" });
  await ours("CreateEnterpriseCode", { RegionId, EnterpriseCode: "AWAY1" });
  await ours("UpdateSmartAGEnterpriseCode", { RegionId: abroad, SmartAGId: away, EnterpriseCode: "away1" });
  await ours("CreateSmartAccessGatewayClientUser", {
    RegionId,
    SmartAGId: home,
    UserMail: "c@example.com",
    UserName: "carl.test",
    Password: "correct-horse",
    Bandwidth: 9,
  });
  const roam = {
    OriginRegionId: RegionId,
    OriginSmartAGId: home,
    RegionId: abroad,
    TargetSmartAGId: away,
    UserName: "carl.test",
  };
  await ours("RoamClientUser", roam);
  expect(await code(ours("RoamClientUser", roam))).toBe("ClientUser.UserExist");
  const near = await instance(ours, "cn-beijing");
  expect(await code(ours("RoamClientUser", { ...roam, RegionId: "cn-beijing", TargetSmartAGId: near }))).toBe(
    "ClientUser.NotSupportAction",
  );
});

test("enterprise codes", async () => {
  await ours("CreateEnterpriseCode", { RegionId, EnterpriseCode: "abc12" });
  expect(await code(ours("CreateEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" }))).toBe(
    "EnterpriseCode.AlreadyExist",
  );
  await ours("UpdateEnterpriseCode", { RegionId, EnterpriseCode: "ABC12", IsDefault: true });
  expect(await code(ours("DeleteEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" }))).toBe(
    "EnterpriseCode.DefaultCannotDelete",
  );
  const bound = await instance(ours);
  const others = await ours("ListEnterpriseCode", { RegionId, IsDefault: false, MaxResults: 1 });
  const first = (others.EnterpriseCodes as { EnterpriseCode: string }[])[0]?.EnterpriseCode;
  await ours("UpdateEnterpriseCode", { RegionId, EnterpriseCode: first, IsDefault: true });
  expect(await code(ours("DeleteEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" }))).toBe("EnterpriseCode.Bound");
  await ours("UpdateSmartAGEnterpriseCode", { RegionId, SmartAGId: bound, EnterpriseCode: first });
  await ours("DeleteEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" });
});

test("a ClientToken makes a request that is sent again the same request", async () => {
  const cen = { Name: "once", ClientToken: "token-1" };
  const { CenId } = await ours("CreateCen", cen, "cbn");
  expect((await ours("CreateCen", cen, "cbn")).CenId).toBe(CenId);
  expect((await theirs("CreateCen", cen, "cbn")).CenId).not.toBe(CenId);
  expect((await ours("CreateCen", { ...cen, ClientToken: "token-2" }, "cbn")).CenId).not.toBe(CenId);
});

test("DNS: cleared when left out; what is recovered is only kept", async () => {
  const one = { RegionId, SmartAGId: await instance(ours) };
  await ours("ModifyClientUserDNS", { ...one, AppDNS: ["10.0.0.53", "10.0.0.54"], RecoveredDNS: ["9.9.9.9"] });
  expect(await ours("DescribeClientUserDNS", one)).toMatchObject({
    AppDNS: ["10.0.0.53", "10.0.0.54"],
    RecoveredDNS: ["9.9.9.9"],
  });
  await ours("ModifyClientUserDNS", one);
  expect(await ours("DescribeClientUserDNS", one)).toMatchObject({ AppDNS: [], RecoveredDNS: [] });
});

test("access control lists", async () => {
  const SmartAGId = await instance(ours);
  const { AclId } = await ours("CreateACL", { RegionId, Name: "guests" });
  const acl = { RegionId, AclId };
  await ours("ModifyACL", { ...acl, Name: "visitors" });
  const rule = {
    ...acl,
    Direction: "out",
    Policy: "drop",
    IpProtocol: "ALL",
    SourceCidr: "10.0.0.0/8",
    DestCidr: "10.9.0.0/16",
    SourcePortRange: "-1/-1",
    DestPortRange: "-1/-1",
  };
  const { AcrId } = await ours("AddACLRule", { ...rule, Priority: 100, DpiGroupIds: ["20"] });
  expect(await ours("ModifyACLRule", { ...acl, AcrId, Priority: 1, Name: "none" })).toMatchObject({
    Priority: 1,
    Policy: "drop",
  });
  expect(list(await ours("DescribeACLAttribute", { ...acl, Order: "desc" }), "Acrs", "Acr")).toMatchObject([
    { AcrId, DpiGroupIds: { DpiGroupId: ["20"] } },
  ]);
  expect(await ours("GetAclAttribute", acl)).toMatchObject({ AclName: "visitors" });
  await ours("AssociateACL", { ...acl, SmartAGId });
  expect(list(await ours("DescribeACLs", { RegionId }), "Acls", "Acl")).toMatchObject([
    { SagCount: "1", AclType: "acl-software" },
  ]);
  const another = await ours("CreateACL", { RegionId, Name: "another" });
  expect(await code(ours("AssociateACL", { RegionId, AclId: another.AclId, SmartAGId }))).toBe(
    "AclPerSmartagAmountLimit",
  );
  await ours("DisassociateACL", { ...acl, SmartAGId });
  await ours("DeleteACLRule", { ...acl, AcrId });
  await ours("DeleteACL", acl);
});

test("CCN, CEN and what hangs on them", async () => {
  const SmartAGId = await instance(ours);
  const { CcnId } = await ours("CreateCloudConnectNetwork", {
    RegionId,
    Name: "branch",
    Description: "branches",
    CidrBlock: "10.0.0.0/8",
  });
  await ours("ModifyCloudConnectNetwork", { RegionId, CcnId, Name: "branches" });
  expect(await ours("GetCloudConnectNetworkUseLimit", { RegionId })).toMatchObject({ TotalAmount: 10, UsedAmount: 2 });
  expect(
    list(
      await ours("DescribeBindableSmartAccessGateways", { RegionId, CcnId, SmartAGId }),
      "SmartAccessGateways",
      "SmartAccessGateway",
    ),
  ).toMatchObject([{ SmartAGId }]);
  await ours("BindSmartAccessGateway", { RegionId, CcnId, SmartAGId });
  const { CenId } = await ours("CreateCen", { Name: "backbone", Tag: [{ Key: "env", Value: "prod" }] }, "cbn");
  await ours("ModifyCenAttribute", { CenId, Description: "the backbone" }, "cbn");
  expect(
    list(
      await ours("DescribeCens", { Tag: [{ Key: "env" }], Filter: [{ Key: "Name", Value: ["backbone"] }] }, "cbn"),
      "Cens",
      "Cen",
    ),
  ).toMatchObject([{ CenId }]);
  await ours("AttachCcnInstanceToCen", { RegionId, CcnId, CenId });
  expect(await code(ours("AttachCcnInstanceToCen", { RegionId, CcnId, CenId }))).toBe("AlreadyBound.CEN");
  expect(
    list(
      await ours("DescribeCloudConnectNetworks", { RegionId, CcnId }),
      "CloudConnectNetworks",
      "CloudConnectNetwork",
    ),
  ).toMatchObject([{ AssociatedCenId: CenId, AssociatedCloudBoxCount: "1", Name: "branches" }]);
  const vpc = await ours(
    "CreateCloudNetwork",
    { RegionId: abroad, Name: "singapore", CidrBlock: ["10.40.0.0/16"] },
    "sag",
  );
  const child = { CenId, ChildInstanceId: vpc.CloudNetworkId, ChildInstanceType: "VPC", ChildInstanceRegionId: abroad };
  await ours("AttachCenChildInstance", child, "cbn");
  expect(
    list(await ours("DescribeCenAttachedChildInstances", { CenId }, "cbn"), "ChildInstances", "ChildInstance"),
  ).toHaveLength(2);
  expect(await ours("DescribeCenAttachedChildInstanceAttribute", child, "cbn")).toMatchObject({
    ChildInstanceAttributes: { CidrBlock: "10.40.0.0/16" },
  });
  const routes = async () => (await ours("DescribeSagRouteList", { RegionId, SmartAGId, SmartAGSn: SmartAGId })).Routes;
  expect(await routes()).toEqual([]);
  const bought = { Bandwidth: 2, GeographicRegionAId: "China", GeographicRegionBId: "Asia-Pacific", AutoPay: true };
  const { CenBandwidthPackageId } = await ours("CreateCenBandwidthPackage", bought, "cbn");
  const limit = { CenId, LocalRegionId: "ccn-cn-shanghai", OppositeRegionId: abroad };
  expect(await code(ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 1 }, "cbn"))).toBe(
    "InvalidOperation.NoBandwidthPackage",
  );
  await ours("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
  expect(await code(ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 3 }, "cbn"))).toBe(
    "ParameterIllegal.BandwidthLimit",
  );
  await ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 2 }, "cbn");
  expect(
    list(
      await ours("DescribeCenInterRegionBandwidthLimits", { CenId }, "cbn"),
      "CenInterRegionBandwidthLimits",
      "CenInterRegionBandwidthLimit",
    ),
  ).toMatchObject([{ BandwidthLimit: 2 }]);
  expect(
    list(await ours("DescribeCenBandwidthPackages", {}, "cbn"), "CenBandwidthPackages", "CenBandwidthPackage"),
  ).toMatchObject([{ Status: "InUse" }]);
  expect(await routes()).toMatchObject([{ DestinationCidr: "10.40.0.0/16" }]);
  expect(
    list(
      await ours("DescribeCenRegionDomainRouteEntries", { CenId, CenRegionId: abroad }, "cbn"),
      "CenRouteEntries",
      "CenRouteEntry",
    ),
  ).toMatchObject([{ DestinationCidrBlock: "10.40.0.0/16", Status: "Active" }]);
  expect(
    list(
      await ours(
        "DescribeCenChildInstanceRouteEntries",
        { CenId, ChildInstanceId: CcnId, ChildInstanceType: "CCN" },
        "cbn",
      ),
      "CenRouteEntries",
      "CenRouteEntry",
    ),
  ).toMatchObject([{ Type: "CEN" }]);
  await ours("DiagnoseSmartAccessGateway", { RegionId, SmartAGId, SmartAGSn: SmartAGId });
  const report = await ours("DiscribeSmartAccessGatewayDiagnosisReport", { RegionId, SmartAGId, SmartAGSn: SmartAGId });
  expect(report.DiagnoseResult).toMatchObject({ State: "Finished", InstanceId: SmartAGId });
  await ours("UnassociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
  await ours("DeleteCenBandwidthPackage", { CenBandwidthPackageId }, "cbn");
  await ours("DetachCenChildInstance", child, "cbn");
  expect(await code(ours("DeleteCen", { CenId }, "cbn"))).toBe("Forbidden.Release");
  await ours("DetachCcnInstanceFromCen", { RegionId, CcnId, CenId });
  await ours("DeleteCen", { CenId }, "cbn");
  expect(await code(ours("DeleteCloudConnectNetwork", { CcnId }))).toBe("CCN.InUse");
  await ours("UnbindSmartAccessGateway", { RegionId, CcnId, SmartAGId });
  await ours("DeleteCloudConnectNetwork", { CcnId });
});

test("across accounts: nothing without a grant, and again nothing when it is revoked", async () => {
  const SmartAGId = await instance(ours);
  const { CcnId } = await theirs("CreateCloudConnectNetwork", { RegionId, Name: "theirs" });
  const bind = { RegionId, CcnId, SmartAGId, SmartAGUid: uids.ours };
  expect(await code(theirs("BindSmartAccessGateway", bind))).toBe("SAG.InstanceNoFound");
  const grant = { RegionId, SmartAGId, CcnInstanceId: CcnId, CcnUid: uids.theirs };
  await ours("GrantSagInstanceToCcn", grant);
  expect(list(await ours("DescribeGrantSagRules", { RegionId, SmartAGId }), "GrantRules", "GrantRule")).toMatchObject([
    { CcnUid: uids.theirs },
  ]);
  expect(
    list(
      await theirs("DescribeBindableSmartAccessGateways", { RegionId, CcnId, CrossAccount: true }),
      "SmartAccessGateways",
      "SmartAccessGateway",
    ),
  ).toMatchObject([{ SmartAGId }]);
  await theirs("BindSmartAccessGateway", bind);
  const { CenId } = await ours("CreateCen", { Name: "shared" }, "cbn");
  const attach = {
    CenId,
    ChildInstanceId: CcnId,
    ChildInstanceType: "CCN",
    ChildInstanceRegionId: "ccn-cn-shanghai",
    ChildInstanceOwnerId: uids.theirs,
  };
  expect(await code(ours("AttachCenChildInstance", attach, "cbn"))).toBe("ParameterIllegal.ChildInstanceId");
  await theirs("GrantInstanceToCbn", { RegionId, CcnInstanceId: CcnId, CenInstanceId: CenId, CenUid: uids.ours });
  expect(
    list(await theirs("DescribeGrantRules", { RegionId, AssociatedCcnId: CcnId }), "GrantRules", "GrantRule"),
  ).toMatchObject([{ CenUid: uids.ours }]);
  await ours("AttachCenChildInstance", attach, "cbn");
  const hop = async (kind: string) => {
    const { Hops } = (await ours("DescribeHops", { SmartAGId }, "sag")) as { Hops: { Hop: Fields[] } };
    return Hops.Hop.find((h) => h.Kind === kind)?.Code;
  };
  expect([await hop("ccn"), await hop("cen")]).toEqual(["", ""]);
  await theirs("RevokeInstanceFromCbn", { RegionId, CcnInstanceId: CcnId, CenInstanceId: CenId });
  expect([await hop("ccn"), await hop("cen")]).toEqual(["", "grant_missing"]);
  await ours("RevokeSagInstanceFromCcn", { RegionId, SmartAGId, CcnInstanceId: CcnId });
  expect(await hop("ccn")).toBe("grant_missing");
});

test("access points", async () => {
  const one = { RegionId, SmartAGId: await instance(ours) };
  const points = (await ours("ListAccessPoints", one)).AccessPoints as { AccessPointId: number }[];
  expect(points).toHaveLength(1);
  const AccessPointId = points[0]?.AccessPointId;
  await ours("UpdateSmartAGAccessPoint", { ...one, AccessPointId });
  expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({
    AccessPointId: String(AccessPointId),
  });
  expect(
    (await ours("ListSmartAGByAccessPoint", { RegionId, AccessPointId, PageSize: 50 })).SmartAccessGateways,
  ).toContainEqual(expect.objectContaining({ SmartAGId: one.SmartAGId }));
  await ours("ProbeAccessPointNetworkQuality", { ...one, AccessPointIds: [AccessPointId] });
  expect((await ours("ListAccessPointNetworkQualities", one)).AccessPointNetworkQualities).toMatchObject([
    { Id: AccessPointId, Loss: "0.00%" },
  ]);
  expect(await code(theirs("UpdateSmartAGAccessPoint", { ...one, AccessPointId }))).toBe("AccessPointInvalid");
});

test("every published operation was driven, and every answer had the published shape", () => {
  const published = operations.filter((operation) => operation.product !== "sag").map((operation) => operation.name);
  expect(published.filter((name) => !seen.has(name))).toEqual([]);
  expect(wrong).toEqual([]);
});
