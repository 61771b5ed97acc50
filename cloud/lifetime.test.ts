import { afterAll, beforeAll, expect, test } from "vitest";
import { addMonths } from "./domain/instances/change.ts";
import { hello, registerAccessPoint, type TestAccessPoint } from "./testing/access-point.ts";
import { type Ask, type Fields, local, makeKey, openApi } from "./testing/admin-api.ts";
import { refusal, signIn } from "./testing/person.ts";
import { startServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let here: TestAccessPoint;
let ours: Ask;
const RegionId = "cn-shanghai";
const abroad = "ap-southeast-1";
const day = 86_400_000;

beforeAll(async () => {
  server = await startServer();
  here = await registerAccessPoint(server.running.url, server.ask, "here");
  await here.connect();
  ours = openApi(server, await makeKey(server));
});
afterAll(async () => {
  await here.disconnect();
  await server.close();
});

async function instance(region: string, CidrBlock: string, EnterpriseCode: string): Promise<string> {
  const order = { RegionId: region, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  const SmartAGId = String((await ours("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
  await ours("ModifySmartAccessGateway", { RegionId: region, SmartAGId, CidrBlock });
  await ours("CreateEnterpriseCode", { RegionId, EnterpriseCode });
  await ours("UpdateSmartAGEnterpriseCode", { RegionId: region, SmartAGId, EnterpriseCode });
  return SmartAGId;
}
const account = (region: string, SmartAGId: string) => ({
  RegionId: region,
  SmartAGId,
  UserMail: "a@b",
  UserName: "anna.test",
  Password: "correct-horse",
  Bandwidth: 100,
});

test("months are calendar months", () => {
  const at = (text: string, months: number) => new Date(addMonths(Date.parse(text), months)).toISOString().slice(0, 16);
  expect(at("2026-01-31T10:00Z", 1)).toBe("2026-02-28T10:00");
  expect(at("2026-11-30T10:00Z", 3)).toBe("2027-02-28T10:00");
  expect(at("2028-02-29T10:00Z", 12)).toBe("2029-02-28T10:00");
  expect(at("2026-05-15T10:00Z", 36)).toBe("2029-05-15T10:00");
});

test("a roaming account reaches its home networks if an access point does", async () => {
  const home = await instance(RegionId, "10.80.0.0/24", "HOME1");
  const away = await instance(abroad, "10.81.0.0/24", "AWAY1");
  const { CcnId } = await ours("CreateCloudConnectNetwork", { RegionId, Name: "home" });
  const { CenId } = await ours("CreateCen", { Name: "home" }, "cbn");
  await ours("BindSmartAccessGateway", { CcnId, SmartAGId: home });
  await ours("AttachCcnInstanceToCen", { CcnId, CenId });
  const made = await ours("CreateCloudNetwork", { Name: "at home", CidrBlock: ["10.1.0.0/16"] }, "sag");
  const child = {
    CenId,
    ChildInstanceId: made.CloudNetworkId,
    ChildInstanceType: "VPC",
    ChildInstanceRegionId: RegionId,
  };
  await ours("AttachCenChildInstance", child, "cbn");
  await ours("CreateSmartAccessGatewayClientUser", account(RegionId, home));
  const roam = {
    OriginRegionId: RegionId,
    OriginSmartAGId: home,
    RegionId: abroad,
    TargetSmartAGId: away,
    UserName: "anna.test",
  };
  await ours("RoamClientUser", roam);
  const session = await (await signIn(server, "AWAY1", "anna.test")).dial();
  expect(session.addresses[0]).toMatch(/^10\.81\.0\./);
  expect(session.routes).toEqual(["10.1.0.0/16"]);
  const elsewhere = await registerAccessPoint(server.running.url, server.ask, "elsewhere", 51821);
  const through = { CloudNetworkId: made.CloudNetworkId, AccessPointId: [elsewhere.id] };
  await ours("ModifyCloudNetwork", through, "sag");
  expect((await session.api.renew({ hello })).session?.routes).toEqual([]);
  await ours("ModifyCloudNetwork", { CloudNetworkId: made.CloudNetworkId, AnyAccessPoint: true }, "sag");
  await ours("DetachCenChildInstance", child, "cbn");
  expect((await session.api.renew({ hello })).session?.routes).toEqual([]);
  await session.api.hangUp({});
});

test("renewing refuses an instance without an end, and an end can be removed", async () => {
  const { ask } = server;
  await ask("instance create", { name: "Endless", cidrs: ["10.99.0.0/24"] });
  await expect(ask("instance renew", { instance: "Endless", months: 1 })).rejects.toThrow("has no end");
  expect(await ask("instance show", { instance: "Endless" })).toMatchObject({ endTime: null });
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  const ordered = String((await ours("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
  expect(await ask("instance show", { instance: ordered })).toMatchObject({
    endTime: expect.stringMatching(/^\d{4}-/),
  });
  await ask("instance remove-end", { instance: ordered });
  expect(await ask("instance show", { instance: ordered })).toMatchObject({ endTime: null });
});

test("an instance ends, can be renewed for seven days, and is then deleted", async () => {
  const SmartAGId = await instance(RegionId, "10.83.0.0/24", "TERM1");
  await ours("CreateSmartAccessGatewayClientUser", account(RegionId, SmartAGId));
  // Through the socket, because a signed request would be out of date after the clock moved.
  const asked = { product: "smartag", action: "DescribeSmartAccessGateways", parameters: { SmartAGId } };
  const shown = async () => (await server.ask("api call", asked)) as Fields;
  const end = async () => {
    const { SmartAccessGateway } = (await shown()).SmartAccessGateways as { SmartAccessGateway: { EndTime: number }[] };
    return SmartAccessGateway[0]?.EndTime ?? 0;
  };
  await server.ask("policy set", {
    instance: SmartAGId,
    change: { leaseSeconds: 31 * 86_400, signInSeconds: 300 * 86_400 },
  });
  const anna = await signIn(server, "TERM1", "anna.test");
  server.clock.advance((await end()) - server.clock.now() - 20 * 60_000);
  const again = await signIn(server, "TERM1", "anna.test");
  const session = await again.dial();
  const events = session.api.events({ hello })[Symbol.asyncIterator]();
  await events.next();
  server.clock.advance(21 * 60_000);
  const { value } = await events.next();
  expect(value?.event.case).toBe("ended");
  expect((await refusal(session.api.renew({ hello }))).word).toBe("instance_expired");
  expect((await refusal(signIn(server, "TERM1", "anna.test"))).word).toBe("instance_expired");
  expect(anna.device.id).not.toBe(again.device.id);
  await local(server, "RenewInstance", { SmartAGId, Period: "1" });
  await (await signIn(server, "TERM1", "anna.test")).dial();
  server.clock.advance((await end()) - server.clock.now() + 6 * day);
  expect((await shown()).TotalCount).toBe(1);
  server.clock.advance(2 * day);
  await expect.poll(async () => (await shown()).TotalCount).toBe(0);
});
