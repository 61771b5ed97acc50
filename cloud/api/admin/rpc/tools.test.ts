import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, type Fields, local, makeKey, openApi } from "../../../testing/admin-api.ts";
import { deviations } from "../../../testing/conformance.ts";
import { rawClient } from "../../../testing/raw.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

/** Behaviour that the product's command line, Terraform provider and SDKs rely on, beyond the pages of single operations. */
let server: TestServer;
let ask: Ask;
const RegionId = "cn-shanghai";

beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
});
afterAll(() => server.close());

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { code?: string }) => error.code ?? String(error),
  );
const cbn = (action: string, fields: Fields) => ask(action, fields, "cbn");
const list = (answer: Fields, outer: string, inner: string) => (answer[outer] as Record<string, Fields[]>)[inner] ?? [];
const newCcn = async (more: Fields = {}) =>
  String((await ask("CreateCloudConnectNetwork", { RegionId, Name: "ccn", ...more })).CcnId);
const newCen = async (more: Fields = {}) => String((await cbn("CreateCen", { Name: "cen", ...more })).CenId);
const newAcl = async () => String((await ask("CreateACL", { RegionId, Name: "acl" })).AclId);
const ccnOf = async (CcnId: string) =>
  list(
    await ask("DescribeCloudConnectNetworks", { RegionId, CcnId }),
    "CloudConnectNetworks",
    "CloudConnectNetwork",
  )[0] ?? {};
const rule = {
  RegionId,
  Direction: "in",
  Policy: "accept",
  IpProtocol: "ALL",
  SourceCidr: "10.0.0.0/8",
  DestCidr: "10.0.0.0/8",
  SourcePortRange: "-1/-1",
  DestPortRange: "-1/-1",
};
const newInstance = async () =>
  String(
    (
      await ask("CreateSmartAccessGatewaySoftware", {
        RegionId,
        ChargeType: "PREPAY",
        Period: 1,
        DataPlan: 5,
        UserCount: 5,
        AutoPay: true,
      })
    ).SmartAGId,
  );

describe("deleted objects are reported with the code that the tools expect", () => {
  test("a detached network: read, and detach again", async () => {
    const [CenId, ChildInstanceId] = [await newCen(), await newCcn()];
    const child = { CenId, ChildInstanceId, ChildInstanceType: "CCN", ChildInstanceRegionId: `ccn-${RegionId}` };
    const read = () => code(cbn("DescribeCenAttachedChildInstanceAttribute", child));
    expect(await read()).toBe("ParameterInstanceId");
    await cbn("AttachCenChildInstance", child);
    expect(await read()).toBe("accepted");
    await cbn("DetachCenChildInstance", child);
    expect(await read()).toBe("ParameterInstanceId");
    expect(await code(cbn("DetachCenChildInstance", child))).toBe("ParameterInstanceId");
    await ask("DeleteCloudConnectNetwork", { RegionId, CcnId: ChildInstanceId });
    expect(await read()).toBe("ParameterInstanceId");
    await cbn("DeleteCen", { CenId });
    expect(await read()).toBe("ParameterCenInstanceId");
    expect(await code(cbn("DeleteCen", { CenId }))).toBe("ParameterCenInstanceId");
  });

  test("a deleted ACL: its rules and itself", async () => {
    const AclId = await newAcl();
    const { AcrId } = await ask("AddACLRule", { ...rule, AclId });
    await ask("DeleteACLRule", { RegionId, AclId, AcrId });
    expect(await code(ask("DeleteACLRule", { RegionId, AclId, AcrId }))).toBe("ParameterSagACLRuleId");
    await ask("DeleteACL", { RegionId, AclId });
    expect(await code(ask("DescribeACLAttribute", { RegionId, AclId }))).toBe("SagAclRuleNotExist");
    expect(await code(ask("GetAclAttribute", { RegionId, AclId }))).toBe("SagAclRuleNotExist");
    expect(await code(ask("DeleteACLRule", { RegionId, AclId, AcrId }))).toBe("ParameterSagACLRuleId");
    expect(await code(ask("DeleteACL", { RegionId, AclId }))).toBe("ParameterSagACLId");
    expect(await ask("DescribeACLs", { RegionId, AclIds: AclId })).toMatchObject({ TotalCount: 0 });
  });

  test("a CCN and its grants", async () => {
    await local(server, "CreateTenant", { Name: "grantee" });
    const theirs = openApi(server, await makeKey(server, "administrator", "grantee"));
    const CenInstanceId = String((await theirs("CreateCen", {}, "cbn")).CenId);
    const all = (await local(server, "DescribeTenants")).Tenants as { Tenant: { Name: string; Uid: number }[] };
    const CenUid = all.Tenant.find((tenant) => tenant.Name === "grantee")?.Uid;
    const CcnInstanceId = await newCcn();
    await ask("GrantInstanceToCbn", { RegionId, CcnInstanceId, CenInstanceId, CenUid });
    await ask("RevokeInstanceFromCbn", { RegionId, CcnInstanceId, CenInstanceId });
    const again = { RegionId, CcnInstanceId, CenInstanceId };
    expect(await code(ask("RevokeInstanceFromCbn", again))).toBe("InvalidInstanceId.NotFound");
    await ask("DeleteCloudConnectNetwork", { CcnId: CcnInstanceId });
    expect(await code(ask("DeleteCloudConnectNetwork", { CcnId: CcnInstanceId }))).toBe("ParameterCcnInstanceId");
    expect(await code(ask("DescribeGrantRules", { RegionId, AssociatedCcnId: CcnInstanceId }))).toBe("CcnNotExist");
  });

  test("a client account, also after its instance was deleted", async () => {
    const SmartAGId = await newInstance();
    const one = { RegionId, SmartAGId, UserName: "anna.test" };
    const made = { ...one, UserMail: "a@example.com", Password: "12345678", Bandwidth: 5 };
    await ask("CreateSmartAccessGatewayClientUser", made);
    await ask("DeleteSmartAccessGatewayClientUser", one);
    expect(await code(ask("DeleteSmartAccessGatewayClientUser", one))).toBe("ParameterSagClientId");
    await ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId });
    expect(await code(ask("DeleteSmartAccessGatewayClientUser", one))).toBe("ParameterSagClientId");
    expect(await code(ask("DeleteSmartAccessGateway", { RegionId, InstanceId: SmartAGId }))).toBe(
      "SAG.InstanceNoFound",
    );
  });

  test("a bandwidth package with its tags", async () => {
    const areas = { Bandwidth: 2, GeographicRegionAId: "Europe", GeographicRegionBId: "China" };
    const made = await cbn("CreateCenBandwidthPackage", { ...areas, Tag: [{ Key: "team", Value: "net" }] });
    const one = { CenBandwidthPackageId: made.CenBandwidthPackageId };
    await cbn("DeleteCenBandwidthPackage", one);
    expect(await code(cbn("DeleteCenBandwidthPackage", one))).toBe("ParameterBwpInstanceId");
  });
});

describe("Cloud Connect Networks", () => {
  test("a CCN created without a block has none", async () => {
    const CcnId = await newCcn();
    expect(await ccnOf(CcnId)).toMatchObject({ CidrBlock: "", SnatCidrBlock: "", IsDefault: false });
    await ask("ModifyCloudConnectNetwork", { RegionId, CcnId, CidrBlock: "192.168.1.0/24,192.168.2.0/24" });
    expect(await ccnOf(CcnId)).toMatchObject({ CidrBlock: "192.168.1.0/24,192.168.2.0/24" });
    // The documented default block applies: SNAT must be within it.
    expect(await newCcn({ SnatCidrBlock: "192.168.3.0/24" })).toMatch(/^ccn-/);
    const outside = ask("CreateCloudConnectNetwork", { RegionId, SnatCidrBlock: "10.0.0.0/24" });
    expect(await code(outside)).toBe("InvalidSnatCidrBlock");
  });

  test("returns IsDefault as it was set", async () => {
    expect(await ccnOf(await newCcn({ IsDefault: true }))).toMatchObject({ IsDefault: true });
    expect(await ccnOf(await newCcn({ IsDefault: false }))).toMatchObject({ IsDefault: false });
    const all = list(
      await ask("DescribeCloudConnectNetworks", { RegionId, Name: "default" }),
      "CloudConnectNetworks",
      "CloudConnectNetwork",
    );
    expect(all).toMatchObject([{ Name: "default", IsDefault: true }]);
  });

  test.each([
    ["disable", "Disabled"],
    ["enable", "Enabled"],
    ["Disabled", "Disabled"],
    ["Enabled", "Enabled"],
  ])("InterworkingStatus=%s", async (given, InterworkingStatus) => {
    const CcnId = await newCcn();
    await ask("ModifyCloudConnectNetwork", { RegionId, CcnId, InterworkingStatus: given });
    expect(await ccnOf(CcnId)).toMatchObject({ InterworkingStatus });
    const wrong = { RegionId, CcnId, InterworkingStatus: `${given}x` };
    expect(await code(ask("ModifyCloudConnectNetwork", wrong))).toBe("InvalidInterworkingStatus");
  });

  test("the default CCN and CEN do not count against quotas", async () => {
    await local(server, "CreateTenant", { Name: "quotas" });
    const theirs = openApi(server, await makeKey(server, "administrator", "quotas"));
    for (let n = 1; n <= 10; n++) {
      await theirs("CreateCloudConnectNetwork", { RegionId });
      await theirs("CreateCen", {}, "cbn");
    }
    expect(await theirs("GetCloudConnectNetworkUseLimit", { RegionId })).toMatchObject({
      TotalAmount: 10,
      UsedAmount: 10,
    });
    expect(await code(theirs("CreateCloudConnectNetwork", { RegionId }))).toBe("QuotaExceeded.CCN");
    expect(await code(theirs("CreateCen", {}, "cbn"))).toBe("QuotaExceeded.CEN");
  });
});

test("accepts protocols of ACL rules as the console writes them", async () => {
  const AclId = await newAcl();
  const { AcrId } = await ask("AddACLRule", { ...rule, AclId });
  const read = async () => list(await ask("DescribeACLAttribute", { RegionId, AclId }), "Acrs", "Acr")[0];
  for (const IpProtocol of ["ICMP", "TCP", "UDP", "SSH(22)", "telnet(23)", "HTTP(80)", "HTTPS(443)", "ALL"]) {
    await ask("ModifyACLRule", { RegionId, AclId, AcrId, IpProtocol });
    expect(await read()).toMatchObject({ IpProtocol });
  }
  for (const IpProtocol of ["SSH(", "SSH()", "(22)", "SSH(0)", "SSH(22))", "SSH (22)"]) {
    expect(await code(ask("ModifyACLRule", { RegionId, AclId, AcrId, IpProtocol }))).toBe("InvalidIpProtocol");
  }
});

describe("tags of CENs", () => {
  const tagged = async (CenId: string) => {
    const found = await cbn("DescribeCens", { Filter: [{ Key: "CenId", Value: [CenId] }] });
    return (list(found, "Cens", "Cen")[0]?.Tags as Fields | undefined)?.Tag;
  };

  test("adds, changes and removes tags", async () => {
    const CenId = await newCen({ Tag: [{ Key: "Created", Value: "TF" }] });
    const on = { RegionId, ResourceType: "cen", ResourceId: [CenId] };
    const Tag = [
      { Key: "Created", Value: "TF-update" },
      { Key: "For", Value: "Test" },
    ];
    await cbn("TagResources", { ...on, Tag });
    expect(await tagged(CenId)).toEqual(Tag);
    const listed = await cbn("ListTagResources", on);
    expect(deviations("ListTagResources", listed)).toEqual([]);
    expect(list(listed, "TagResources", "TagResource")).toEqual([
      { ResourceId: CenId, ResourceType: "cen", TagKey: "Created", TagValue: "TF-update" },
      { ResourceId: CenId, ResourceType: "cen", TagKey: "For", TagValue: "Test" },
    ]);
    expect(await code(cbn("UntagResources", on))).toBe("MissingTagKey");
    await cbn("UntagResources", { ...on, TagKey: ["For", "never there"] });
    expect(await tagged(CenId)).toEqual([Tag[0]]);
    await cbn("UntagResources", { ...on, All: true });
    expect(await tagged(CenId)).toEqual([]);
  });

  test("pages and filters tags, and refuses invalid ones", async () => {
    const [first, second] = [await newCen(), await newCen()];
    const Tag = ["a", "b", "c"].map((Key) => ({ Key, Value: `${Key} value` }));
    await cbn("TagResources", { ResourceType: "Cen", ResourceId: [first, second], Tag });
    const seen: string[] = [];
    let NextToken: unknown;
    do {
      const answer = await cbn("ListTagResources", {
        ResourceType: "Cen",
        ResourceId: [first, second],
        PageSize: 4,
        NextToken,
      });
      seen.push(...list(answer, "TagResources", "TagResource").map((row) => `${row.ResourceId} ${row.TagKey}`));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual([first, second].sort().flatMap((id) => ["a", "b", "c"].map((key) => `${id} ${key}`)));
    await cbn("UntagResources", { ResourceType: "cen", ResourceId: [second], TagKey: ["b"] });
    const having = await cbn("ListTagResources", { ResourceType: "cen", Tag: [{ Key: "b", Value: "b value" }] });
    expect(list(having, "TagResources", "TagResource").map((row) => row.ResourceId)).toEqual([first, first, first]);

    const on = { ResourceType: "cen", ResourceId: [first] };
    const refused: [Fields, string][] = [
      [{ ...on, ResourceType: "vpc", Tag }, "InvalidResourceType"],
      [{ ...on, ResourceId: [first, "cen-unknown"], Tag }, "ParameterCenInstanceId"],
      [{ ...on, Tag: [{ Key: "acs:mine", Value: "" }] }, "InvalidTag"],
      [{ ...on, Tag: [{ Key: "mine", Value: "see http://x" }] }, "InvalidTag"],
      [{ ...on, Tag: Array.from({ length: 18 }, (_, i) => ({ Key: `k${i}`, Value: "" })) }, "QuotaExceeded.Tag"],
      [{ ...on }, "MissingTag"],
      [{ ResourceType: "cen", Tag }, "MissingResourceId"],
    ];
    for (const [fields, expected] of refused) expect(await code(cbn("TagResources", fields))).toBe(expected);
    expect(await code(cbn("ListTagResources", { ...on, NextToken: "x" }))).toBe("InvalidNextToken");
    // The refused request changed nothing, not even the first of its two objects.
    expect(await tagged(first)).toEqual(Tag);
  });
});

describe("areas, regions and filters", () => {
  test("lists pairs of areas with the ids that bandwidth packages use", async () => {
    const spans = await cbn("DescribeCenGeographicSpans", { PageSize: 50 });
    expect(deviations("DescribeCenGeographicSpans", spans)).toEqual([]);
    const ids = list(spans, "GeographicSpanModels", "GeographicSpanModel").map((span) => span.GeographicSpanId);
    expect(new Set(ids).size).toBe(15);
    expect(ids).toContain("China_Asia-Pacific");
    const one = await cbn("DescribeCenGeographicSpans", { GeographicSpanId: "China_Europe" });
    expect(one).toMatchObject({ TotalCount: 1 });
    const areas = { Bandwidth: 2, GeographicRegionAId: "Europe", GeographicRegionBId: "China" };
    const { CenBandwidthPackageId } = await cbn("CreateCenBandwidthPackage", areas);
    const Filter = [{ Key: "CenBandwidthPackageId", Value: [CenBandwidthPackageId] }];
    const found = await cbn("DescribeCenBandwidthPackages", { Filter });
    expect(list(found, "CenBandwidthPackages", "CenBandwidthPackage")).toMatchObject([
      { GeographicSpanId: "China_Europe" },
    ]);
  });

  test("lists regions of a CEN's children", async () => {
    const regions = async (ProductType?: string) =>
      list(await cbn("DescribeChildInstanceRegions", { ProductType }), "Regions", "Region").map((r) => r.RegionId);
    expect(await regions("VPC")).toContain("cn-shanghai-finance-1");
    expect(await regions("CCN")).toContain("ccn-cn-shanghai");
    expect(await regions("VBR")).toEqual([]);
    expect((await regions()).length).toBe(2 * (await regions("VPC")).length);
  });

  test("every region has the endpoint that the client used", async () => {
    const regions = list(await ask("DescribeRegions"), "Regions", "Region");
    expect(new Set(regions.map((region) => region.RegionEndpoint))).toEqual(
      new Set([new URL(server.running.url).host]),
    );
    expect(regions.map((region) => region.RegionId)).toContain("cn-shanghai-finance-1");
  });

  test("refuses a filter by an unknown key instead of returning everything", async () => {
    for (const action of ["DescribeCens", "DescribeCenBandwidthPackages"]) {
      for (const Filter of [[{ Key: "Nmae", Value: ["x"] }], [{ Value: ["x"] }], [{ Key: "constructor" }]]) {
        expect(await code(cbn(action, { Filter }))).toBe("InvalidFilter");
      }
    }
  });

  test("combines package filters with AND, with OR by IsOrKey, and with tags", async () => {
    const made = async (Name: string, team: string) =>
      String(
        (
          await cbn("CreateCenBandwidthPackage", {
            Bandwidth: 2,
            GeographicRegionAId: "China",
            GeographicRegionBId: "China",
            Name,
            Tag: [{ Key: "team", Value: team }],
          })
        ).CenBandwidthPackageId,
      );
    const [one, two] = [await made("filter-one", "red"), await made("filter-two", "blue")];
    const found = async (fields: Fields) =>
      list(await cbn("DescribeCenBandwidthPackages", fields), "CenBandwidthPackages", "CenBandwidthPackage").map(
        (row) => row.CenBandwidthPackageId,
      );
    const Filter = [
      { Key: "Name", Value: ["filter-one"] },
      { Key: "CenBandwidthPackageId", Value: [two] },
    ];
    expect(await found({ Filter })).toEqual([]);
    expect(await found({ Filter, IsOrKey: true })).toEqual([one, two]);
    expect(await found({ Tag: [{ Key: "team", Value: "blue" }] })).toEqual([two]);
  });
});

test("Format=XML returns XML, for refusals as well", async () => {
  const raw = rawClient(server, await makeKey(server));
  const CcnId = await newCcn({ Name: "in-xml", Description: 'a < b & "c"' });
  for (const Format of ["XML", "xml"]) {
    const { status, type, text } = await raw.ask({
      action: "DescribeCloudConnectNetworks",
      fields: { RegionId, CcnId, Format },
    });
    expect([status, type]).toEqual([200, "text/xml;charset=utf-8"]);
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?><DescribeCloudConnectNetworksResponse><RequestId>[-0-9A-F]+<\/RequestId>/,
    );
    expect(text).toContain(`<CloudConnectNetworks><CloudConnectNetwork><CcnId>${CcnId}</CcnId><Name>in-xml</Name>`);
    expect(text).toContain('<Description>a &lt; b &amp; "c"</Description>');
  }
  const wrong = await raw.ask({ action: "DeleteCloudConnectNetwork", fields: { CcnId: "<none>", Format: "XML" } });
  expect([wrong.status, wrong.type]).toEqual([404, "text/xml;charset=utf-8"]);
  expect(wrong.text).toMatch(/<Error><RequestId>.*<Code>ParameterCcnInstanceId<\/Code><Message>.*&lt;none&gt;/);
  expect((await raw.ask({ fields: { Format: "json" } })).type).toBe("application/json;charset=utf-8");
  expect((await raw.ask({ fields: { Format: "YAML" } })).code).toBe("InvalidFormat");
  raw.close();
});

test("refuses a list parameter written as one value, which would clear or match nothing", async () => {
  const refused = async (action: string, fields: Fields) => code(ask(action, { RegionId, ...fields }));
  expect(await refused("DescribeSmartAccessGateways", { SmartAGIds: "sag-none" })).toBe("InvalidSmartAGIds");
  const bare = { SmartAGId: "sag-0123456789abcdef00", AppDNS: "10.70.0.53" };
  expect(await refused("ModifyClientUserDNS", bare)).toBe("InvalidAppDNS");
  expect(await refused("DescribeSmartAccessGateways", { SmartAGIds: "" })).toBe("accepted");
});

test("handles common mistakes of SDK users", async () => {
  const refusal = (action: string, fields: Fields) =>
    ask(action, fields).then(
      () => "accepted",
      (error: { code?: string; message?: string }) => `${error.code} ${error.message}`,
    );
  const ccn = await newCcn({ Name: "shanghai" });
  const elsewhere = { RegionId: "eu-central-1", CcnId: ccn };
  expect(await refusal("ModifyCloudConnectNetwork", { ...elsewhere, Name: "other" })).toContain("InvalidRegionId");
  expect(await refusal("DeleteCloudConnectNetwork", elsewhere)).toContain(
    `${ccn} is in cn-shanghai, not in eu-central-1.`,
  );
  expect((await ccnOf(ccn)).Name).toBe("shanghai");
  expect(await refusal("CreateACL", { RegionId, Name: "  " })).toContain("InvalidName");
  expect(await refusal("CreateACL", { RegionId, Name: "a\u202eb" })).toContain("InvalidName");
  await ask("DeleteCloudConnectNetwork", { RegionId, CcnId: ccn });
});
