import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ask, type Fields, local, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

// A script that gives the number of an object's owner wants to be refused if it has the wrong object.

let server: TestServer;
let ask: Ask;
let uids: { ours: number; partner: number };
const RegionId = "cn-shanghai";
beforeAll(async () => {
  server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  ask = openApi(server, await makeKey(server));
  const { Tenants } = await ask("DescribeTenants", {}, "sag");
  const all = (Tenants as { Tenant: { Uid: number; IsDefault: boolean }[] }).Tenant;
  const uid = (ours: boolean) => all.find((tenant) => tenant.IsDefault === ours)?.Uid ?? 0;
  uids = { ours: uid(true), partner: uid(false) };
});
afterAll(() => server.close());

const refusal = (action: string, fields: Fields, product: "smartag" | "cbn") =>
  ask(action, fields, product).then(
    () => "accepted",
    (error: Refused) => `${error.status} ${error.message}`,
  );

test("binds and unbinds an instance only with its owner's number", async () => {
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 10, AutoPay: true };
  const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
  const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId, Name: "branch" });
  const bind = { RegionId, CcnId, SmartAGId };
  for (const action of ["BindSmartAccessGateway", "UnbindSmartAccessGateway"]) {
    for (const SmartAGUid of [uids.partner, 4711]) {
      expect(await refusal(action, { ...bind, SmartAGUid }, "smartag"), action).toBe(
        `404 SAG.InstanceNoFound: The account ${SmartAGUid} has no instance ${SmartAGId}.`,
      );
    }
    await ask(action, { ...bind, SmartAGUid: uids.ours });
  }
});

test("attaches and detaches a CEN's child only with the numbers of the owners", async () => {
  const { CenId } = await ask("CreateCen", {}, "cbn");
  const { CcnId: ChildInstanceId } = await ask("CreateCloudConnectNetwork", { RegionId, Name: "branch" });
  const child = { CenId, ChildInstanceId, ChildInstanceType: "CCN", ChildInstanceRegionId: `ccn-${RegionId}` };
  for (const action of ["AttachCenChildInstance", "DetachCenChildInstance"]) {
    for (const ChildInstanceOwnerId of [uids.partner, 4711]) {
      expect(await refusal(action, { ...child, ChildInstanceOwnerId }, "cbn"), action).toBe(
        `400 ParameterIllegal.ChildInstanceId: The account ${ChildInstanceOwnerId} has no network instance ${ChildInstanceId}.`,
      );
    }
    if (action === "DetachCenChildInstance") {
      expect(await refusal(action, { ...child, CenOwnerId: uids.partner }, "cbn")).toBe(
        `404 ParameterCenInstanceId: The account ${uids.partner} has no Cloud Enterprise Network ${CenId}.`,
      );
    }
    await ask(action, { ...child, ChildInstanceOwnerId: uids.ours, CenOwnerId: uids.ours }, "cbn");
  }
});
