import { expect, test } from "vitest";
import type { Fields } from "../admin-api.ts";
import { abroad, code, instance, list, ours, RegionId, theirs, uids } from "./two-tenants.ts";

export function networkScenario(): void {
  test("manages CCNs and CENs with networks, bandwidth and tags", async () => {
    const SmartAGId = await instance(ours);
    await ours("ModifySmartAccessGateway", { RegionId, SmartAGId, CidrBlock: "10.40.7.0/24" });
    const asked = { RegionId, SmartAGId, SmartAGSn: SmartAGId };
    await ours("DiagnoseSmartAccessGateway", asked);
    const broken = await ours("DiscribeSmartAccessGatewayDiagnosisReport", asked);
    expect(broken.DiagnoseResult).toMatchObject({ Level: { Total: "Error" } });
    const { CcnId } = await ours("CreateCloudConnectNetwork", {
      RegionId,
      Name: "branch",
      Description: "branches",
      CidrBlock: "10.0.0.0/8",
    });
    await ours("ModifyCloudConnectNetwork", { RegionId, CcnId, Name: "branches" });
    expect(await ours("GetCloudConnectNetworkUseLimit", { RegionId })).toMatchObject({
      TotalAmount: 10,
      UsedAmount: 1,
    });
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
    const tagged = { ResourceType: "cen", ResourceId: [CenId] };
    await ours("TagResources", { ...tagged, Tag: [{ Key: "owner", Value: "net" }] }, "cbn");
    const { NextToken } = await ours("ListTagResources", { ...tagged, PageSize: 1 }, "cbn");
    expect(await ours("ListTagResources", { ...tagged, PageSize: 1, NextToken }, "cbn")).toMatchObject({
      TagResources: { TagResource: [{ TagKey: "owner" }] },
    });
    await ours("UntagResources", { ...tagged, TagKey: ["owner"] }, "cbn");
    expect(list(await ours("ListTagResources", tagged, "cbn"), "TagResources", "TagResource")).toMatchObject([
      { ResourceId: CenId, TagKey: "env", TagValue: "prod" },
    ]);
    await ours("DescribeCenGeographicSpans", {}, "cbn");
    await ours("DescribeChildInstanceRegions", { ProductType: "CCN" }, "cbn");
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
      { RegionId: abroad, Name: "singapore", CidrBlock: ["10.40.0.0/16", "10.41.0.0/16", "fd00:40::/48"] },
      "sag",
    );
    const child = {
      CenId,
      ChildInstanceId: vpc.CloudNetworkId,
      ChildInstanceType: "VPC",
      ChildInstanceRegionId: abroad,
    };
    await ours("AttachCenChildInstance", child, "cbn");
    expect(
      list(await ours("DescribeCenAttachedChildInstances", { CenId }, "cbn"), "ChildInstances", "ChildInstance"),
    ).toHaveLength(2);
    expect(await ours("DescribeCenAttachedChildInstanceAttribute", child, "cbn")).toMatchObject({
      ChildInstanceAttributes: {
        CidrBlock: "10.40.0.0/16",
        SecondaryCidrBlocks: { secondaryCidrBlock: ["10.41.0.0/16"] },
        Ipv6CidrBlocks: { ipv6CidrBlock: [{ Ipv6CidrBlock: "fd00:40::/48" }] },
      },
    });
    const routes = async () =>
      (await ours("DescribeSagRouteList", { RegionId, SmartAGId, SmartAGSn: SmartAGId })).Routes;
    expect(await routes()).toEqual([]);
    const bought = { Bandwidth: 2, GeographicRegionAId: "China", GeographicRegionBId: "Asia-Pacific", AutoPay: true };
    const Tag = [{ Key: "paid-by", Value: "net" }];
    const { CenBandwidthPackageId } = await ours("CreateCenBandwidthPackage", { ...bought, Tag }, "cbn");
    const limit = { CenId, LocalRegionId: "ccn-cn-shanghai", OppositeRegionId: abroad };
    expect(await code(ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 1 }, "cbn"))).toBe(
      "InvalidOperation.NoBandwidthPackage",
    );
    await ours("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
    expect(await code(ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 3 }, "cbn"))).toBe(
      "ParameterIllegal.BandwidthLimit",
    );
    await ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 2 }, "cbn");
    expect(list(await ours("DescribeCens", {}, "cbn"), "Cens", "Cen")).toContainEqual(
      expect.objectContaining({ CenBandwidthPackageIds: { CenBandwidthPackageId: [CenBandwidthPackageId] } }),
    );
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
    expect(await routes()).toMatchObject([
      { DestinationCidr: "10.40.0.0/16", ConflictCidrs: ["10.40.7.0/24"] },
      { DestinationCidr: "10.41.0.0/16", ConflictCidrs: [] },
      { DestinationCidr: "fd00:40::/48" },
    ]);
    expect(
      list(
        await ours("DescribeCenRegionDomainRouteEntries", { CenId, CenRegionId: abroad }, "cbn"),
        "CenRouteEntries",
        "CenRouteEntry",
      ),
    ).toContainEqual(expect.objectContaining({ DestinationCidrBlock: "10.40.0.0/16", Status: "Active" }));
    const overlapping = { RegionId: abroad, Name: "overlapping", CidrBlock: ["10.40.9.0/24"] };
    const other = await ours("CreateCloudNetwork", overlapping, "sag");
    const second = { ...child, ChildInstanceId: other.CloudNetworkId };
    await ours("AttachCenChildInstance", second, "cbn");
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
    ).toContainEqual(
      expect.objectContaining({
        DestinationCidrBlock: "10.40.9.0/24",
        Type: "CEN",
        Conflicts: { Conflict: [expect.objectContaining({ InstanceId: vpc.CloudNetworkId })] },
      }),
    );
    await ours("DetachCenChildInstance", second, "cbn");
    await ours("DiagnoseSmartAccessGateway", { RegionId, SmartAGId, SmartAGSn: SmartAGId });
    const report = await ours("DiscribeSmartAccessGatewayDiagnosisReport", {
      RegionId,
      SmartAGId,
      SmartAGSn: SmartAGId,
    });
    expect(report.DiagnoseResult).toMatchObject({ State: "Finished", InstanceId: SmartAGId });
    const unassociate = () => ours("UnassociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
    expect(await code(unassociate())).toBe("InvalidOperation.CenBandwidthLimitsNotZero");
    expect(await routes()).toHaveLength(3);
    await ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 0 }, "cbn");
    expect(await routes()).toEqual([]);
    await unassociate();
    await ours("DeleteCenBandwidthPackage", { CenBandwidthPackageId }, "cbn");
    await ours("DetachCenChildInstance", child, "cbn");
    expect(await code(ours("DeleteCen", { CenId }, "cbn"))).toBe("Forbidden.Release");
    await ours("DetachCcnInstanceFromCen", { RegionId, CcnId, CenId });
    await ours("DeleteCen", { CenId }, "cbn");
    expect(await code(ours("DeleteCloudConnectNetwork", { CcnId }))).toBe("CCN.InUse");
    await ours("UnbindSmartAccessGateway", { RegionId, CcnId, SmartAGId });
    await ours("DeleteCloudConnectNetwork", { CcnId });
  });

  test("gives another account access only while a grant exists", async () => {
    const SmartAGId = await instance(ours);
    const { CcnId } = await theirs("CreateCloudConnectNetwork", { RegionId, Name: "theirs" });
    const bind = { RegionId, CcnId, SmartAGId, SmartAGUid: uids.ours };
    expect(await code(theirs("BindSmartAccessGateway", bind))).toBe("SAG.InstanceNoFound");
    const grant = { RegionId, SmartAGId, CcnInstanceId: CcnId, CcnUid: uids.theirs };
    await ours("GrantSagInstanceToCcn", grant);
    expect(list(await ours("DescribeGrantSagRules", { RegionId, SmartAGId }), "GrantRules", "GrantRule")).toMatchObject(
      [{ CcnUid: uids.theirs }],
    );
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
}
