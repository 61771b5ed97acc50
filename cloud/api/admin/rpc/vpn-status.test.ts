import { afterAll, expect, test } from "vitest";
import { type Fields, local, makeKey, openApi } from "../../../testing/admin-api.ts";
import { startCompany } from "../../../testing/company.ts";

const { server, here } = await startCompany();
const ask = openApi(server, await makeKey(server));
const RegionId = "cn-shanghai";
afterAll(() => server.close());

test("VpnStatus and the hops report a missing access point, VpnStatus also a missing CCN", async () => {
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 1, AutoPay: true };
  const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
  const one = { RegionId, SmartAGId };
  const vpn = async () => {
    const { SmartAccessGateways } = await ask("DescribeSmartAccessGateways", one);
    const [row] = (SmartAccessGateways as { SmartAccessGateway: Fields[] }).SmartAccessGateway;
    const { VpnStatus } = await ask("DescribeSmartAccessGatewayAttribute", one);
    expect(row?.VpnStatus).toBe(VpnStatus);
    return VpnStatus;
  };
  const firstHop = async () => {
    const { Hops } = await ask("DescribeHops", { SmartAGId }, "sag");
    const [hop] = (Hops as { Hop: Fields[] }).Hop;
    return [hop?.Kind, hop?.Whole, hop?.Code];
  };
  expect(await vpn()).toBe("Down");
  expect(await firstHop()).toEqual(["access_point", true, ""]);
  const { CloudConnectNetworks } = await ask("DescribeCloudConnectNetworks", { RegionId });
  const ccns = (CloudConnectNetworks as { CloudConnectNetwork: Fields[] }).CloudConnectNetwork;
  const CcnId = ccns.find((ccn) => ccn.IsDefault)?.CcnId;
  await ask("BindSmartAccessGateway", { ...one, CcnId });
  expect(await vpn()).toBe("Up");
  await local(server, "SetInstanceLock", { SmartAGId: String(SmartAGId), Locked: "true" });
  expect(await vpn()).toBe("Down");
  await ask("UnlockSmartAccessGateway", { SmartAGId });
  expect(await vpn()).toBe("Up");
  await here.disconnect();
  const qualities = async () => (await ask("ListAccessPointNetworkQualities", one)).AccessPointNetworkQualities;
  await expect.poll(qualities).toMatchObject([{ Loss: "100.00%" }]);
  // A broken stream has a grace period of a minute.
  server.clock.advance(61_000);
  expect(await vpn()).toBe("Down");
  expect(await firstHop()).toEqual(["access_point", false, "no_access_point"]);
});
