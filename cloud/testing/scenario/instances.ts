import { expect, test } from "vitest";
import { local } from "../admin-api.ts";
import { abroad, code, instance, list, ours, RegionId, server, theirs } from "./two-tenants.ts";

export function instanceScenario(): void {
  test("manages an instance from its order to its deletion", async () => {
    const SmartAGId = await instance(ours);
    const one = { RegionId, SmartAGId };
    await ours("ModifySmartAccessGateway", {
      ...one,
      Name: "Contoso",
      Description: "the office",
      CidrBlock: "10.80.0.0/24,10.81.0.0/24",
      SecurityLockThreshold: 30,
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
    expect(await ours("GetSmartAccessGatewayUseLimit", { RegionId })).toMatchObject({
      TotalAmount: 500,
      UsedAmount: 1,
    });
    await local(server, "SetInstanceLock", { SmartAGId, Locked: "true" });
    expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({ Status: "Offline" });
    await ours("UnlockSmartAccessGateway", { SmartAGId });
    expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({ Status: "Active" });
    const asked = { ...one, SerialNumber: SmartAGId, OpenApiName: "CreateHealthCheck" };
    expect((await ours("ListSmartAGApiUnsupportedFeature", asked)).Features).toEqual([
      { Feature: "CreateHealthCheck" },
    ]);
    expect(await code(ours("CreateHealthCheck", { RegionId }))).toBe("UnsupportedOperation");
    await ours("DeleteSmartAccessGateway", { InstanceId: SmartAGId });
    expect(await code(ours("DescribeSmartAccessGatewayAttribute", one))).toBe("SAG.InstanceNoFound");
    expect(list(await ours("DescribeRegions"), "Regions", "Region").length).toBeGreaterThan(20);
  });

  test("runs a repeated request with the same ClientToken only once", async () => {
    const cen = { Name: "once", ClientToken: "token-1" };
    const { CenId } = await ours("CreateCen", cen, "cbn");
    expect((await ours("CreateCen", cen, "cbn")).CenId).toBe(CenId);
    expect(await code(ours("CreateCen", { ...cen, Name: "another" }, "cbn"))).toBe("IdempotentParameterMismatch");
    const noToken = { Name: "noToken", ClientToken: "" };
    expect((await ours("CreateCen", noToken, "cbn")).CenId).not.toBe((await ours("CreateCen", noToken, "cbn")).CenId);
    expect((await theirs("CreateCen", cen, "cbn")).CenId).not.toBe(CenId);
    expect((await ours("CreateCen", { ...cen, ClientToken: "token-2" }, "cbn")).CenId).not.toBe(CenId);
  });

  test("clears DNS settings that are left out, and only stores RecoveredDNS", async () => {
    const one = { RegionId, SmartAGId: await instance(ours) };
    await ours("ModifyClientUserDNS", { ...one, AppDNS: ["10.0.0.53", "10.0.0.54"], RecoveredDNS: ["9.9.9.9"] });
    expect(await ours("DescribeClientUserDNS", one)).toMatchObject({
      AppDNS: ["10.0.0.53", "10.0.0.54"],
      RecoveredDNS: ["9.9.9.9"],
    });
    await ours("ModifyClientUserDNS", one);
    expect(await ours("DescribeClientUserDNS", one)).toMatchObject({ AppDNS: [], RecoveredDNS: [] });
  });

  test("lists and prefers access points", async () => {
    const one = { RegionId, SmartAGId: await instance(ours) };
    const points = (await ours("ListAccessPoints", one)).AccessPoints as { AccessPointId: number }[];
    expect(points).toHaveLength(1);
    const AccessPointId = points[0]?.AccessPointId;
    await ours("UpdateSmartAGAccessPoint", { ...one, AccessPointId });
    expect(await ours("DescribeSmartAccessGatewayAttribute", one)).toMatchObject({
      AccessPointId: String(AccessPointId),
    });
    const described = await ours("DescribeSmartAccessGateways", one);
    expect(list(described, "SmartAccessGateways", "SmartAccessGateway")).toMatchObject([
      { AccessPointId: String(AccessPointId) },
    ]);
    expect(
      (await ours("ListSmartAGByAccessPoint", { RegionId, AccessPointId, PageSize: 50 })).SmartAccessGateways,
    ).toContainEqual(expect.objectContaining({ SmartAGId: one.SmartAGId }));
    expect(await ours("ListSmartAGByAccessPoint", { RegionId: abroad, AccessPointId, PageSize: 50 })).toMatchObject({
      TotalCount: 0,
    });
    await ours("ProbeAccessPointNetworkQuality", { ...one, AccessPointIds: [AccessPointId] });
    expect((await ours("ListAccessPointNetworkQualities", one)).AccessPointNetworkQualities).toMatchObject([
      { Id: AccessPointId, Loss: "0.00%" },
    ]);
    expect(await code(theirs("UpdateSmartAGAccessPoint", { ...one, AccessPointId }))).toBe("SAG.InstanceNoFound");
    const own = { RegionId, SmartAGId: await instance(theirs), AccessPointId };
    expect(await code(theirs("UpdateSmartAGAccessPoint", own))).toBe("AccessPointInvalid");
  });

  test("manages access control lists", async () => {
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
    const { AcrId } = await ours("AddACLRule", { ...rule, Priority: 100, DpiGroupIds: ["20"], DpiSignatureIds: ["7"] });
    expect(await ours("ModifyACLRule", { ...acl, AcrId, Priority: 1, Name: "none" })).toMatchObject({
      Priority: 1,
      Policy: "drop",
    });
    expect(list(await ours("DescribeACLAttribute", { ...acl, Order: "desc" }), "Acrs", "Acr")).toMatchObject([
      { AcrId, DpiGroupIds: { DpiGroupId: ["20"] } },
    ]);
    expect(await ours("GetAclAttribute", acl)).toMatchObject({ AclName: "visitors" });
    await ours("AssociateACL", { ...acl, SmartAGId });
    expect(await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId })).toMatchObject({
      AclIds: { AclId: [AclId] },
    });
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
}
