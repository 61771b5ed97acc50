import { afterAll, beforeAll, expect, test } from "vitest";
import { registerAccessPoint, type TestAccessPoint } from "../../../testing/access-point.ts";
import { type Ask, type Fields, makeKey, openApi } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

let server: TestServer;
let point: TestAccessPoint;
let ask: Ask;
const RegionId = "cn-shanghai";
let one: { RegionId: string; SmartAGId: string };
let cen: string;
beforeAll(async () => {
  server = await startServer();
  point = await registerAccessPoint(server.running.url, server.ask, "here");
  await point.connect();
  ask = openApi(server, await makeKey(server));
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 10, AutoPay: true };
  one = { RegionId, SmartAGId: String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId) };
  await ask("ModifySmartAccessGateway", { ...one, CidrBlock: "10.40.7.0/24" });
  cen = String((await ask("CreateCen", {}, "cbn")).CenId);
  const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId, Name: "branch" });
  await ask("BindSmartAccessGateway", { ...one, CcnId });
  await ask("AttachCcnInstanceToCen", { RegionId, CcnId, CenId: cen });
});
afterAll(async () => {
  await point.disconnect();
  await server.close();
});

async function attach(Name: string, cidr: string): Promise<string> {
  const { CloudNetworkId } = await ask("CreateCloudNetwork", { RegionId, Name, CidrBlock: [cidr] }, "sag");
  const child = { CenId: cen, ChildInstanceId: CloudNetworkId, ChildInstanceType: "VPC" };
  await ask("AttachCenChildInstance", { ...child, ChildInstanceRegionId: RegionId }, "cbn");
  return String(CloudNetworkId);
}

interface Item {
  ItemName: string;
  Level: string;
  EN: { Details: string[]; Advice: string[] };
}

/** The items about addresses of a new diagnosis, and the number of all items by level. */
async function diagnosed() {
  const asked = { ...one, SmartAGSn: one.SmartAGId };
  await ask("DiagnoseSmartAccessGateway", asked);
  const { DiagnoseResult } = await ask("DiscribeSmartAccessGatewayDiagnosisReport", asked);
  const { Details, Statistics, Level } = DiagnoseResult as { Details: { Items: Item[] }[] } & Record<string, Fields>;
  const items = (Details[0]?.Items ?? []).filter(({ ItemName }) => ItemName.startsWith("addresses"));
  const shown = items.map((item) => ({ level: item.Level, details: item.EN.Details, advice: item.EN.Advice.length }));
  return { shown, statistics: Statistics, total: Level?.Total };
}

test("a diagnosis warns of overlapping address ranges", async () => {
  const whole = { level: "Info", details: ["No address ranges overlap."], advice: 0 };
  const office = await attach("office", "10.50.0.0/16");
  expect(await diagnosed()).toMatchObject({ shown: [whole], statistics: { Warning: 0, Error: 0 }, total: "Info" });

  const user = { UserMail: "a@example.com", UserName: "anna.test", Password: "correct-horse", Bandwidth: 5 };
  await ask("CreateSmartAccessGatewayClientUser", { ...one, ...user, ClientIp: "10.40.7.9" });
  await ask("ModifyCloudNetwork", { CloudNetworkId: office, CidrBlock: ["10.40.0.0/16"] }, "sag");
  const clients = {
    ...{ level: "Warning", advice: 1 },
    details: ["10.40.0.0/16 of office overlaps addresses of clients: 10.40.7.0/24, 10.40.7.9 (anna.test)."],
  };
  expect(await diagnosed()).toMatchObject({
    ...{ shown: [clients], statistics: { Warning: 1, Error: 0 }, total: "Warning" },
  });

  await attach("lab", "10.40.128.0/24");
  const networks = {
    ...{ level: "Warning", advice: 1 },
    details: ["10.40.0.0/16 of office overlaps 10.40.128.0/24 of lab, which is attached to the same CEN."],
  };
  expect((await diagnosed()).shown).toEqual([clients, networks]);
});
