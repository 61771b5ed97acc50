import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, type Fields, local, makeKey, openApi } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

let server: TestServer;
let ask: Ask;
let tenants = 0;
const RegionId = "cn-shanghai";

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** A new product account, so that its limits are unused. */
async function freshTenant(): Promise<string> {
  const name = `tenant${++tenants}`;
  await local(server, "CreateTenant", { Name: name });
  ask = openApi(server, await makeKey(server, "administrator", name));
  return name;
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    (error: { code?: string }) => error.code ?? String(error),
  );

async function instance(more: Fields = {}): Promise<string> {
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true, ...more };
  return String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
}

describe("accepts the limit and refuses one more", () => {
  let SmartAGId: string;
  beforeAll(async () => {
    await freshTenant();
    SmartAGId = await instance({ UserCount: 2_000 });
    await ask("ModifySmartAccessGateway", { RegionId, SmartAGId, CidrBlock: "10.1.0.0/24" });
  });
  let people = 0;
  const user = (more: Fields) => () => {
    const name = `person${String(++people).padStart(4, "0")}`;
    const made = { RegionId, SmartAGId, UserMail: "a@b", UserName: name, Password: "12345678", Bandwidth: 1 };
    return code(ask("CreateSmartAccessGatewayClientUser", { ...made, ...more }));
  };
  const order = (more: Fields) => () => code(instance(more));
  const modify = (more: Fields) => () => code(ask("ModifySmartAccessGateway", { RegionId, SmartAGId, ...more }));
  const ccn = (more: Fields) => async () => {
    try {
      const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId, ...more });
      await ask("DeleteCloudConnectNetwork", { CcnId });
      return "accepted";
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };
  const cidrs = (n: number) => Array.from({ length: n }, (_, i) => `10.1.${i}.0/24`).join(",");
  const x = (n: number) => "x".repeat(n);

  const edges: [string, () => Promise<string>, string][] = [
    ["user name of 7", user({ UserName: "anna567" }), "accepted"],
    ["user name of 6", user({ UserName: "anna56" }), "ClientUser.NameInvalid"],
    ["user name of 33", user({ UserName: `u${x(32)}` }), "accepted"],
    ["user name of 34", user({ UserName: `v${x(33)}` }), "ClientUser.NameInvalid"],
    ["user name beginning with .", user({ UserName: ".anna.test" }), "ClientUser.NameInvalid"],
    ["user name with every sign allowed", user({ UserName: "a_n@n.a-0" }), "accepted"],
    ["user name without password", user({ Password: undefined }), "MissingPassword"],
    ["password without user name", user({ UserName: undefined }), "ClientUser.NameEmpty"],
    ["password of 8", user({ Password: "12345678" }), "accepted"],
    ["password of 7", user({ Password: "1234567" }), "InvalidPassword"],
    ["password of 32", user({ Password: x(32) }), "accepted"],
    ["password of 33", user({ Password: x(33) }), "InvalidPassword"],
    ["password with a blank", user({ Password: "1234 5678" }), "InvalidPassword"],
    ["mail of 2", user({ UserMail: "a@" }), "accepted"],
    ["mail of 64", user({ UserMail: `${x(52)}@example.com` }), "accepted"],
    ["mail of 65", user({ UserMail: `${x(53)}@example.com` }), "ClientUser.EmailInvalid"],
    ["mail without @", user({ UserMail: "nobody" }), "ClientUser.EmailInvalid"],
    ["no mail", user({ UserMail: undefined }), "ClientUser.EmailEmpty"],
    ["bandwidth 1", user({ Bandwidth: 1 }), "accepted"],
    ["bandwidth 0", user({ Bandwidth: 0 }), "ClientUser.BandwidthInvalid"],
    ["bandwidth 20,000", user({ Bandwidth: 20_000 }), "accepted"],
    ["bandwidth 20,001", user({ Bandwidth: 20_001 }), "ClientUser.BandwidthInvalid"],
    ["bandwidth of no number", user({ Bandwidth: "fast" }), "ClientUser.BandwidthInvalid"],
    ["first address of the block", user({ ClientIp: "10.1.0.1" }), "accepted"],
    ["the same address again", user({ ClientIp: "10.1.0.1" }), "ClientUser.InvalidClientIp"],
    ["network address", user({ ClientIp: "10.1.0.0" }), "ClientUser.InvalidClientIp"],
    ["last address", user({ ClientIp: "10.1.0.254" }), "accepted"],
    ["broadcast address", user({ ClientIp: "10.1.0.255" }), "ClientUser.InvalidClientIp"],
    ["address outside", user({ ClientIp: "10.2.0.1" }), "ClientUser.InvalidClientIp"],
    ["no address", user({ ClientIp: "somewhere" }), "ClientUser.IpInvalid"],
    ["1 user", order({ UserCount: 1 }), "accepted"],
    ["0 users", order({ UserCount: 0 }), "SAG.InvalidUserCount"],
    ["2,000 users", order({ UserCount: 2_000 }), "accepted"],
    ["2,001 users", order({ UserCount: 2_001 }), "SAG.InvalidUserCount"],
    ["data plan 6", order({ DataPlan: 6 }), "SAG.InvalidDataPlan"],
    ["9 months", order({ Period: 9 }), "accepted"],
    ["10 months", order({ Period: 10 }), "InvalidPeriod"],
    ["36 months", order({ Period: 36 }), "accepted"],
    ["post-paid", order({ ChargeType: "POSTPAY" }), "InvalidChargeType"],
    ["a region that is none", order({ RegionId: "cn-atlantis" }), "InvalidRegionId"],
    ["instance name of 2", modify({ Name: "xy" }), "accepted"],
    ["instance name of 1", modify({ Name: "x" }), "InvalidName"],
    ["instance name of 128", modify({ Name: x(128) }), "accepted"],
    ["instance name of 129", modify({ Name: x(129) }), "InvalidName"],
    ["instance description of 256", modify({ Description: x(256) }), "accepted"],
    ["instance description of 257", modify({ Description: x(257) }), "InvalidDescription"],
    ["10 blocks", modify({ CidrBlock: cidrs(10) }), "accepted"],
    ["11 blocks", modify({ CidrBlock: cidrs(11) }), "QuotaExceeded.Cidr"],
    ["overlapping blocks", modify({ CidrBlock: "10.1.0.0/24,10.1.0.128/25" }), "SAG.CidrOverlap"],
    ["an empty block", modify({ CidrBlock: "10.1.0.0/24," }), "SAG.CidrEmpty"],
    ["a block with host bits", modify({ CidrBlock: "10.1.0.0/24,10.9.0.1/24" }), "SAG.InvalidCidr"],
    ["a block that leaves fixed addresses out", modify({ CidrBlock: "10.7.0.0/24" }), "SAG.InvalidCidr"],
    ["CCN name of 100", ccn({ Name: x(100) }), "accepted"],
    ["CCN name of 101", ccn({ Name: x(101) }), "InvalidName"],
    ["CCN description of 128", ccn({ Description: x(128) }), "accepted"],
    ["CCN description of 129", ccn({ Description: x(129) }), "InvalidDescription"],
    ["CCN block /8", ccn({ CidrBlock: "10.0.0.0/8" }), "accepted"],
    ["CCN block /7", ccn({ CidrBlock: "10.0.0.0/7" }), "InvalidCidrBlock"],
    ["CCN block /24", ccn({ CidrBlock: "10.0.0.0/24" }), "accepted"],
    ["CCN block /25", ccn({ CidrBlock: "10.0.0.0/25" }), "InvalidCidrBlock"],
    ["SNAT block /30 inside", ccn({ CidrBlock: "10.0.0.0/8", SnatCidrBlock: "10.9.9.0/30" }), "accepted"],
    ["SNAT block /31", ccn({ CidrBlock: "10.0.0.0/8", SnatCidrBlock: "10.9.9.0/31" }), "InvalidSnatCidrBlock"],
    ["SNAT block outside", ccn({ CidrBlock: "10.0.0.0/8", SnatCidrBlock: "11.9.9.0/24" }), "InvalidSnatCidrBlock"],
    ["page size 50", () => code(ask("DescribeACLs", { RegionId, PageSize: 50 })), "accepted"],
    ["page size 51", () => code(ask("DescribeACLs", { RegionId, PageSize: 51 })), "InvalidPageSize"],
    ["page 0", () => code(ask("DescribeACLs", { RegionId, PageNumber: 0 })), "InvalidPageNumber"],
    [
      "code of 4",
      () => code(ask("CreateEnterpriseCode", { RegionId, EnterpriseCode: "abcd" })),
      "InvalidEnterpriseCode",
    ],
    [
      "code of 6",
      () => code(ask("CreateEnterpriseCode", { RegionId, EnterpriseCode: "abcdef" })),
      "InvalidEnterpriseCode",
    ],
    // Not too many names, but these accounts do not exist.
    ["50 names in a flow query", () => flow(50), "ClientUser.NameInvalid"],
    ["51 names in a flow query", () => flow(51), "InvalidUserNames"],
    [
      "month 13",
      () => code(ask("DescribeUserFlowStatistics", { RegionId, SmartAGId, StatisticsDate: "202613" })),
      "InvalidStatisticsDate",
    ],
    ["binding across areas", () => bindAcross(), "SAG.AreaNotMatch"],
  ];
  const flow = (n: number) =>
    code(
      ask("DescribeUserFlowStatistics", {
        RegionId,
        SmartAGId,
        UserNames: Array.from({ length: n }, (_, i) => `u${i}`),
      }),
    );
  const bindAcross = async () => {
    const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId: "ap-southeast-1" });
    return code(ask("BindSmartAccessGateway", { RegionId, CcnId, SmartAGId }));
  };
  for (const [what, tried, expected] of edges)
    test(`${what}: ${expected}`, async () => expect(await tried()).toBe(expected));
});

test("limits of ACL rules", async () => {
  await freshTenant();
  const { AclId } = await ask("CreateACL", { RegionId, Name: "edges" });
  const base = {
    RegionId,
    AclId,
    Direction: "in",
    Policy: "accept",
    IpProtocol: "tcp",
    SourceCidr: "0.0.0.0/0",
    DestCidr: "0.0.0.0/0",
    SourcePortRange: "-1/-1",
    DestPortRange: "80/80",
  };
  const rule = (more: Fields) => code(ask("AddACLRule", { ...base, ...more }));
  expect(await rule({ Priority: 100 })).toBe("accepted");
  expect(await rule({ Priority: 101 })).toBe("InvalidPriority");
  expect(await rule({ Priority: 0 })).toBe("InvalidPriority");
  expect(await rule({ DestPortRange: "1/65535" })).toBe("accepted");
  expect(await rule({ DestPortRange: "0/10" })).toBe("InvalidDestPortRange");
  expect(await rule({ DestPortRange: "1/65536" })).toBe("InvalidDestPortRange");
  expect(await rule({ DestPortRange: "9/8" })).toBe("InvalidDestPortRange");
  expect(await rule({ IpProtocol: "ICMP", DestPortRange: "80/80" })).toBe("InvalidDestPortRange");
  expect(await rule({ SourceCidr: "10.0.0.1/8" })).toBe("InvalidSourceCidr");
  expect(await rule({ Direction: "up" })).toBe("InvalidDirection");
  expect(await rule({ DpiGroupIds: Array(10).fill("1") })).toBe("accepted");
  expect(await rule({ DpiGroupIds: Array(11).fill("1") })).toBe("InvalidDpiGroupIds");
  expect(await rule({ Description: "x".repeat(512) })).toBe("accepted");
  expect(await rule({ Description: "x".repeat(513) })).toBe("InvalidDescription");
  for (let n = 4; n < 50; n++) await ask("AddACLRule", base);
  expect(await rule({})).toBe("AcrPerAclAmountLimit");
  for (let n = 1; n < 10; n++) await ask("CreateACL", { RegionId, Name: "more" });
  expect(await code(ask("CreateACL", { RegionId, Name: "more" }))).toBe("AclAmountLimit");
  expect(await code(ask("CreateACL", { RegionId, Name: "more", AclType: "acl-soft" }))).toBe("ACL.InvalidType");
});

test("limits on numbers of objects, and quotas that an operator raises", async () => {
  const Tenant = await freshTenant();
  const ccn = () => code(ask("CreateCloudConnectNetwork", { RegionId }));
  for (let n = 1; n <= 10; n++) expect(await ccn()).toBe("accepted");
  expect(await ccn()).toBe("QuotaExceeded.CCN");
  await local(server, "SetQuota", { Tenant, Name: "ccns-per-account", Value: "11" });
  expect(await ccn()).toBe("accepted");
  await local(server, "SetQuota", { Tenant, Name: "instances-per-account", Value: "1" });
  const SmartAGId = await instance({ UserCount: 1 });
  expect(await code(instance())).toBe("QuotaExceeded.SmartAccessGateway");
  const user = (UserName: string, Bandwidth = 1) =>
    code(
      ask("CreateSmartAccessGatewayClientUser", {
        RegionId,
        SmartAGId,
        UserMail: "a@b",
        UserName,
        Password: "12345678",
        Bandwidth,
      }),
    );
  await local(server, "SetQuota", { Tenant, Name: "bandwidth-per-user", Value: "50000" });
  expect(await user("anna.test", 50_001)).toBe("ClientUser.BandwidthInvalid");
  expect(await user("anna.test", 50_000)).toBe("accepted");
  expect(await user("anna.test")).toBe("ClientUser.UserOverLimit");
  await ask("UpgradeSmartAccessGatewaySoftware", { RegionId, SmartAGId, UserCount: 2, DataPlan: 5, AutoPay: true });
  expect(await user("anna.test")).toBe("ClientUser.UserExist");
  expect(await user("berta.test")).toBe("accepted");
  const down = { RegionId, SmartAGId, UserCount: 1, DataPlan: 5, AutoPay: true };
  expect(await code(ask("DowngradeSmartAccessGatewaySoftware", down))).toBe("SAG.InvalidUserCount");
});

test("user names are unique under one enterprise code", async () => {
  await freshTenant();
  const user = (SmartAGId: string) =>
    code(
      ask("CreateSmartAccessGatewayClientUser", {
        RegionId,
        SmartAGId,
        UserMail: "a@b",
        UserName: "anna.test",
        Password: "12345678",
        Bandwidth: 1,
      }),
    );
  const [first, second] = [await instance(), await instance()];
  expect(await user(first)).toBe("accepted");
  expect(await user(second)).toBe("EnterpriseCode.UserNameConflict");
  await ask("CreateEnterpriseCode", { RegionId, EnterpriseCode: "OTHER" });
  await ask("UpdateSmartAGEnterpriseCode", { RegionId, SmartAGId: second, EnterpriseCode: "OTHER" });
  expect(await user(second)).toBe("accepted");
  const code_ = ((await ask("ListEnterpriseCode", { RegionId, IsDefault: true })).EnterpriseCodes as Fields[])[0]
    ?.EnterpriseCode;
  const back = { RegionId, SmartAGId: second, EnterpriseCode: code_ };
  expect(await code(ask("UpdateSmartAGEnterpriseCode", back))).toBe("EnterpriseCode.UserNameConflict");
});
