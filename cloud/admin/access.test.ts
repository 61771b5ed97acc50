import { afterAll, beforeAll, expect, test } from "vitest";
import { local, makeKey, openApi, type Refused } from "../testing/admin-api.ts";
import { rawClient } from "../testing/raw.ts";
import { startServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
const RegionId = "cn-shanghai";
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => error as Refused,
  );

test("names the refused command, not RunCommand, to a key that may not run it", async () => {
  const ask = openApi(server, await makeKey(server, "read-only"));
  const fields = { Command: "account create", Parameters: "{}" };
  const refused = await refusal(ask("RunCommand", fields, "sag"));
  expect(refused?.code).toBe("Forbidden.RAM");
  expect(String(refused?.body.Message)).toContain("account create");
  const parameters = JSON.stringify({ product: "sag", action: "CreateTenant", parameters: { Name: "mine" } });
  const call = await refusal(ask("RunCommand", { Command: "api call", Parameters: parameters }, "sag"));
  expect(String(call?.body.Message)).toContain("CreateTenant");
  expect((await refusal(ask("CreateTenant", { Name: "mine" }, "sag")))?.code).toBe("Forbidden.RAM");
  const audited = (await server.ask("audit list", { limit: 3 })) as { action: string; after: object }[];
  expect(audited.map(({ action }) => action)).toEqual([
    "tenant create refused",
    "CreateTenant refused",
    "account create refused",
  ]);
  expect(audited[0]?.after).toEqual({ cause: "not_permitted" });
});

test("RunCommand returns the cause of a refusal, and does not run itself", async () => {
  const ask = openApi(server, await makeKey(server));
  const none = await refusal(ask("RunCommand", { Command: "account show", Parameters: '{"user":"nobody"}' }, "sag"));
  expect(none?.body.Cause).toBe("not_found");
  const itself = { product: "sag", action: "RunCommand", parameters: { Command: "instance list", Parameters: "{}" } };
  const nested = await refusal(ask("RunCommand", { Command: "api call", Parameters: JSON.stringify(itself) }, "sag"));
  expect(nested?.code).toBe("InvalidAction.NotFound");
  const wanted = { Command: "backup", Parameters: JSON.stringify({ path: "/tmp/somewhere" }) };
  expect((await refusal(ask("RunCommand", wanted, "sag")))?.code).toBe("Forbidden.RAM");
  expect(await server.ask("audit list", { limit: 1 })).toMatchObject([{ action: "backup refused" }]);
});

test("stores the nonce of a refused change, across a restart as well", async () => {
  const key = await makeKey(server);
  const raw = rawClient(server, key);
  await local(server, "SetQuota", { Name: "acls-per-account", Value: "1" });
  await raw.ask({ action: "CreateACL", fields: { RegionId, Name: "the one" } });
  const beyond = { action: "CreateACL", fields: { RegionId, Name: "another" }, nonce: "refused-once" };
  expect((await raw.ask(beyond)).body).toMatchObject({ Code: "AclAmountLimit" });
  await local(server, "SetQuota", { Name: "acls-per-account", Value: "10" });
  raw.close();
  await server.restart();
  const again = rawClient(server, key);
  expect((await again.ask(beyond)).body).toMatchObject({ Code: "SignatureNonceUsed" });
  again.close();
});

test("refuses to bind an instance with the same addresses as another account's, without naming its users", async () => {
  await local(server, "CreateTenant", { Name: "partner" });
  const tenants = (await local(server, "DescribeTenants")).Tenants as { Tenant: { Name: string; Uid: number }[] };
  const uid = tenants.Tenant.find(({ Name }) => Name === "default")?.Uid ?? tenants.Tenant[0]?.Uid;
  const [ours, theirs] = [
    openApi(server, await makeKey(server)),
    openApi(server, await makeKey(server, "administrator", "partner")),
  ];
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  const make = async (ask: typeof ours) => {
    const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
    await ask("ModifySmartAccessGateway", { RegionId, SmartAGId, CidrBlock: "10.44.0.0/24" });
    return SmartAGId;
  };
  const own = await make(ours);
  const foreign = await make(theirs);
  const { CcnId } = await ours("CreateCloudConnectNetwork", { RegionId });
  await ours("BindSmartAccessGateway", { CcnId, SmartAGId: own });
  await theirs("GrantSagInstanceToCcn", { RegionId, SmartAGId: foreign, CcnInstanceId: CcnId, CcnUid: uid });
  const refused = await refusal(ours("BindSmartAccessGateway", { CcnId, SmartAGId: foreign }));
  expect(refused?.code).toBe("SAG.CidrOverlap");
  await theirs("ModifySmartAccessGateway", { RegionId, SmartAGId: foreign, CidrBlock: "10.45.0.0/24" });
  await ours("BindSmartAccessGateway", { CcnId, SmartAGId: foreign });
  const later = await refusal(
    theirs("ModifySmartAccessGateway", { RegionId, SmartAGId: foreign, CidrBlock: "10.44.0.0/25" }),
  );
  expect(later?.code).toBe("SAG.CidrOverlap");
});

test("refuses a flow query for an account that never existed", async () => {
  const ask = openApi(server, await makeKey(server));
  const made = (await server.ask("instance create", { name: "Flow", cidrs: ["10.46.0.0/24"] })) as { id: string };
  const fields = { RegionId, SmartAGId: made.id, UserNames: ["nobody.test"] };
  expect((await refusal(ask("DescribeUserFlowStatistics", fields)))?.code).toBe("ClientUser.NameInvalid");
});

test("accepts overlapping blocks and routes with a warning", async () => {
  const instance = (
    (await server.ask("instance create", { name: "Warned", cidrs: ["10.47.0.0/24"] })) as { id: string }
  ).id;
  const added = (await server.ask("route add", { instance, routes: ["10.47.0.0/16"] })) as { warnings?: string[] };
  expect(added.warnings).toEqual([expect.stringContaining("10.47.0.0/24")]);
  const twice = (await server.ask("route add", { instance, routes: ["10.47.128.0/17"] })) as { warnings?: string[] };
  expect(twice.warnings).toEqual([expect.stringContaining("10.47.0.0/16")]);
  const quiet = (await server.ask("route add", { instance, routes: ["10.48.0.0/16"] })) as { warnings?: string[] };
  expect(quiet.warnings).toBeUndefined();
});

test("audits kicked accounts with the reason", async () => {
  const { id: instance } = (await server.ask("instance create", { name: "Kicked", cidrs: ["10.49.0.0/24"] })) as {
    id: string;
  };
  await server.ask("account create", { instance, user: "kicked.test", mail: "a@b.test", password: "correct-horse" });
  await server.ask("account kick", { instance, user: "kicked.test", reason: "moving house" });
  const [row] = (await server.ask("audit list", { limit: 1 })) as { user: string; after: object }[];
  expect(row).toMatchObject({ user: "kicked.test", after: { reason: "moving house" } });
});

test("only the default account sends flow records to programs on an access point's host", async () => {
  await local(server, "CreateTenant", { Name: "guest" });
  const guest = openApi(server, await makeKey(server, "administrator", "guest"));
  const create = (ask: typeof guest, NetflowServerIp: string) => ask("CreateFlowLog", { RegionId, NetflowServerIp });
  for (const address of ["127.0.0.1", "127.8.9.1", "::1"]) {
    expect((await refusal(create(guest, address)))?.code, address).toBe("IllegalParam.NetflowServerIp");
  }
  const { FlowLogId } = await create(guest, "10.9.9.9");
  const change = { RegionId, FlowLogId, OutputType: "netflow", NetflowServerIp: "127.0.0.1" };
  expect((await refusal(guest("ModifyFlowLogAttribute", change)))?.code).toBe("IllegalParam.NetflowServerIp");
  await create(openApi(server, await makeKey(server)), "127.0.0.1");
});
