import { expect, test } from "vitest";
import type { Fields } from "../admin-api.ts";
import { newDevice, signIn } from "../person.ts";
import { abroad, code, instance, list, ours, RegionId, server } from "./two-tenants.ts";

export function accountScenario(): void {
  test("manages accounts: create, change, disable, reset, kick and delete", async () => {
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
      SagStatistics: {
        Statistics: [{ UserName: "anna.test", TotalBytes: "0", TotalLeaveBytes: String(5 * 1024 ** 3) }],
      },
    });
    const [{ EnterpriseCode = "" } = {}] = list(
      await ours("DescribeSmartAccessGateways", one),
      "SmartAccessGateways",
      "SmartAccessGateway",
    ) as { EnterpriseCode?: string }[];
    const signedIn = await signIn(server, EnterpriseCode, "anna.test", newDevice(), "another-horse");
    await signedIn.dial();
    expect(await ours("DescribeUserOnlineClients", anna)).toMatchObject({
      Users: { User: [{ ClientIp: "10.82.0.7" }] },
    });
    await ours("KickOutClients", { ...one, Username: "anna.test" });
    await ours("DeleteSmartAccessGatewayClientUser", anna);
    expect(await users()).toHaveLength(1);
  });

  test("roams an account to another area, but not within one", async () => {
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

  test("manages enterprise codes", async () => {
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
    expect(await code(ours("DeleteEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" }))).toBe(
      "EnterpriseCode.Bound",
    );
    await ours("UpdateSmartAGEnterpriseCode", { RegionId, SmartAGId: bound, EnterpriseCode: first });
    await ours("DeleteEnterpriseCode", { RegionId, EnterpriseCode: "ABC12" });
  });
}
