import { afterAll, beforeAll, expect, test } from "vitest";
import { registerAccessPoint, type TestAccessPoint } from "../../../../testing/access-point.ts";
import { type Ask, type Fields, makeKey, openApi } from "../../../../testing/admin-api.ts";
import { carParameters, policyParameters } from "../../../../testing/both-entries.ts";
import { startServer, type TestServer } from "../../../../testing/server.ts";

// Scripts read a list page by page and delete, detach or reorder what they find on the way.

let server: TestServer;
let ask: Ask;
const points: TestAccessPoint[] = [];
const RegionId = "cn-shanghai";
const abroad = "eu-central-1";
beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
  for (const name of ["one", "two", "three"])
    points.push(await registerAccessPoint(server.running.url, server.ask, name));
});
afterAll(async () => {
  for (const point of points) await point.disconnect();
  await server.close();
});

type Product = "smartag" | "cbn" | "sag";

/** A list with at least three entries, and what a script does to its first entry between two pages. */
interface Listing {
  product?: Product;
  action: string;
  fields: Fields;
  /** The parameter of an entry that tells it apart. */
  key: string;
  meanwhile(first: Fields): Promise<unknown>;
}

async function made(count: number, action: string, fields: (i: number) => Fields, answer: string, product?: Product) {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(String((await ask(action, fields(i), product))[answer]));
  return ids;
}

/** A CEN with three cloud networks. */
async function withNetworks() {
  const { CenId } = await ask("CreateCen", {}, "cbn");
  const network = (i: number) => ({ RegionId, Name: `net-${i}`, CidrBlock: [`10.${50 + i}.0.0/16`] });
  const child = { CenId, ChildInstanceType: "VPC", ChildInstanceRegionId: RegionId };
  const ids = await made(3, "CreateCloudNetwork", network, "CloudNetworkId", "sag");
  for (const ChildInstanceId of ids) await ask("AttachCenChildInstance", { ...child, ChildInstanceId }, "cbn");
  const detach = (ChildInstanceId: unknown) => ask("DetachCenChildInstance", { ...child, ChildInstanceId }, "cbn");
  return { CenId, ids, detach };
}

const rule = { Direction: "out", Policy: "drop", IpProtocol: "ALL", DestCidr: "10.0.0.0/8", SourceCidr: "10.0.0.0/8" };
const ports = { SourcePortRange: "-1/-1", DestPortRange: "-1/-1" };

async function withRules() {
  const { AclId } = await ask("CreateACL", { RegionId, Name: "guests" });
  await made(3, "AddACLRule", (i) => ({ RegionId, AclId, ...rule, ...ports, Priority: 10 + i }), "AcrId");
  return { RegionId, AclId };
}

async function withQos(action: string, fields: Fields) {
  const { QosId } = await ask("CreateQos", { RegionId, QosName: "calls" });
  for (let Priority = 1; Priority <= 3; Priority++) await ask(action, { RegionId, QosId, ...fields, Priority });
  return { RegionId, QosId };
}

async function withInstances(): Promise<void> {
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 10, AutoPay: true };
  await made(3, "CreateSmartAccessGatewaySoftware", () => order, "SmartAGId");
}

const listings: Record<string, () => Promise<Listing>> = {
  "rules of an ACL, deleting": async () => {
    const fields = await withRules();
    return {
      ...{ action: "DescribeACLAttribute", fields, key: "AcrId" },
      meanwhile: ({ AcrId }) => ask("DeleteACLRule", { ...fields, AcrId }),
    };
  },
  "rules of an ACL, moving the first to the end": async () => {
    const fields = await withRules();
    return {
      ...{ action: "DescribeACLAttribute", fields, key: "AcrId" },
      meanwhile: ({ AcrId }) => ask("ModifyACLRule", { ...fields, AcrId, Priority: 90 }),
    };
  },
  "rules of an ACL in descending order": async () => {
    const fields = await withRules();
    return {
      ...{ action: "DescribeACLAttribute", fields: { ...fields, Order: "desc" }, key: "AcrId" },
      meanwhile: ({ AcrId }) => ask("DeleteACLRule", { ...fields, AcrId }),
    };
  },
  "throttling rules": async () => {
    const fields = await withQos("CreateQosCar", carParameters);
    return {
      ...{ action: "DescribeQosCars", fields, key: "QosCarId" },
      meanwhile: ({ QosCarId }) => ask("DeleteQosCar", { ...fields, QosCarId }),
    };
  },
  "classification rules": async () => {
    const fields = await withQos("CreateQosPolicy", policyParameters);
    return {
      ...{ action: "DescribeQosPolicies", fields, key: "QosPolicyId" },
      meanwhile: ({ QosPolicyId }) => ask("DeleteQosPolicy", { ...fields, QosPolicyId }),
    };
  },
  "children of a CEN": async () => {
    const { CenId, detach } = await withNetworks();
    return {
      ...{ product: "cbn", action: "DescribeCenAttachedChildInstances", fields: { CenId }, key: "ChildInstanceId" },
      meanwhile: ({ ChildInstanceId }) => detach(ChildInstanceId),
    };
  },
  "routes of a region": async () => {
    const { CenId, detach } = await withNetworks();
    const fields = { CenId, CenRegionId: RegionId };
    return {
      ...{ product: "cbn", action: "DescribeCenRegionDomainRouteEntries", fields, key: "DestinationCidrBlock" },
      meanwhile: ({ NextHopInstanceId }) => detach(NextHopInstanceId),
    };
  },
  "routes of a child": async () => {
    const { CenId, ids, detach } = await withNetworks();
    const fields = { CenId, ChildInstanceId: ids[2], ChildInstanceType: "VPC" };
    return {
      ...{ product: "cbn", action: "DescribeCenChildInstanceRouteEntries", fields, key: "DestinationCidrBlock" },
      meanwhile: ({ NextHopInstanceId }) => detach(NextHopInstanceId),
    };
  },
  "routes of one network, removing a prefix": async () => {
    const { CenId, ids, detach } = await withNetworks();
    for (const id of ids.slice(1)) await detach(id);
    const network = { RegionId, CloudNetworkId: ids[0] };
    const CidrBlock = ["10.60.0.0/16", "10.61.0.0/16", "10.62.0.0/16"];
    await ask("ModifyCloudNetwork", { ...network, CidrBlock }, "sag");
    const fields = { CenId, CenRegionId: RegionId };
    return {
      ...{ product: "cbn", action: "DescribeCenRegionDomainRouteEntries", fields, key: "DestinationCidrBlock" },
      meanwhile: () => ask("ModifyCloudNetwork", { ...network, CidrBlock: CidrBlock.slice(1) }, "sag"),
    };
  },
  "limits between regions": async () => {
    const { CenId } = await ask("CreateCen", {}, "cbn");
    const bought = { Bandwidth: 10, GeographicRegionAId: "China", GeographicRegionBId: "Europe" };
    const { CenBandwidthPackageId } = await ask("CreateCenBandwidthPackage", bought, "cbn");
    await ask("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
    const set = (LocalRegionId: unknown, BandwidthLimit: number) =>
      ask("SetCenInterRegionBandwidthLimit", { CenId, LocalRegionId, OppositeRegionId: abroad, BandwidthLimit }, "cbn");
    for (const region of ["cn-beijing", "cn-shanghai", "cn-shenzhen"]) await set(region, 1);
    return {
      ...{ product: "cbn", action: "DescribeCenInterRegionBandwidthLimits", fields: { CenId }, key: "LocalRegionId" },
      meanwhile: ({ LocalRegionId }) => set(LocalRegionId, 0),
    };
  },
  "access points": async () => ({
    ...{ action: "ListAccessPoints", fields: { RegionId }, key: "AccessPointId" },
    meanwhile: () => server.ask("access-point remove", { id: points[0]?.id }),
  }),
  "usable instances": async () => {
    await withInstances();
    return {
      ...{ action: "DescribeSmartAccessGateways", fields: { RegionId, Status: "Active" }, key: "SmartAGId" },
      meanwhile: ({ SmartAGId }) => ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId }),
    };
  },
  "usable instances of an access point": async () => {
    await withInstances();
    const { AccessPoints } = await ask("ListAccessPoints", { RegionId });
    const { AccessPointId } = (AccessPoints as { AccessPointId: number }[])[0] ?? {};
    return {
      ...{
        action: "ListSmartAGByAccessPoint",
        fields: { RegionId, AccessPointId, SmartAGStatus: "Active" },
        key: "SmartAGId",
      },
      meanwhile: ({ SmartAGId }) => ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId }),
    };
  },
};

/** The elements of the answer's only list. */
function elements(answer: Fields): Fields[] {
  const inner = Object.values(answer).flatMap((value) => [
    value,
    ...(typeof value === "object" && value ? Object.values(value) : []),
  ]);
  return (inner.find((value) => Array.isArray(value)) ?? []) as Fields[];
}

for (const [name, prepare] of Object.entries(listings)) {
  test(`paging returns every remaining entry: ${name}`, async () => {
    const { product = "smartag", action, fields, key, meanwhile } = await prepare();
    const read = async (page: Fields) => elements(await ask(action, { ...fields, ...page }, product));
    const keys = (rows: Fields[]) => rows.map((row) => row[key]);

    const [first, second, third] = await read({ PageSize: 50 });
    const page = (PageNumber: number) => read({ PageNumber, PageSize: 1 });
    expect(keys(await page(1))).toEqual([first?.[key]]);
    await meanwhile(first as Fields);
    server.clock.advance(1_000);
    expect(keys(await page(2))).toEqual([second?.[key]]);
    expect(keys(await page(3))).toEqual([third?.[key]]);

    // A new listing pages over what there is now.
    expect(keys(await page(1))).toEqual([second?.[key]]);
  });
}
