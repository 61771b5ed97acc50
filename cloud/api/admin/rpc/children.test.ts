import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ask, type Fields, local, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

// Tools forget an object that is reported as missing, so a refusal has to name the parameter that is wrong.

let server: TestServer;
let ask: Ask;
let other: Ask;
const RegionId = "cn-shanghai";
/** A CCN and a cloud network, both attached to the CEN. */
let cen: string;
let ccn: string;
let network: string;
beforeAll(async () => {
  server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  ask = openApi(server, await makeKey(server));
  other = openApi(server, await makeKey(server, "administrator", "partner"));
  cen = String((await ask("CreateCen", {}, "cbn")).CenId);
  ccn = String((await ask("CreateCloudConnectNetwork", { RegionId, Name: "branch" })).CcnId);
  const wanted = { RegionId, Name: "office", CidrBlock: ["10.40.0.0/16"] };
  network = String((await ask("CreateCloudNetwork", wanted, "sag")).CloudNetworkId);
  const child = { CenId: cen, ChildInstanceRegionId: RegionId };
  await ask("AttachCenChildInstance", { ...child, ChildInstanceId: ccn, ChildInstanceType: "CCN" }, "cbn");
  await ask("AttachCenChildInstance", { ...child, ChildInstanceId: network, ChildInstanceType: "VPC" }, "cbn");
});
afterAll(() => server.close());

const refusal = (by: Ask, action: string, fields: Fields, product: "smartag" | "cbn") =>
  by(action, fields, product).then(
    () => "accepted",
    (error: Refused) => `${error.status} ${error.message}`,
  );

for (const action of [
  "AttachCenChildInstance",
  "DetachCenChildInstance",
  "DescribeCenAttachedChildInstanceAttribute",
  "DescribeCenChildInstanceRouteEntries",
]) {
  test(`${action} names a wrong ChildInstanceType`, async () => {
    const child = { CenId: cen, ChildInstanceRegionId: RegionId };
    const asNetwork = { ...child, ChildInstanceId: ccn, ChildInstanceType: "VPC" };
    expect(await refusal(ask, action, asNetwork, "cbn")).toBe(
      `400 ParameterIllegal.ChildInstanceType: ${ccn} is a CCN, not a VPC.`,
    );
    const asCcn = { ...child, ChildInstanceId: network, ChildInstanceType: "CCN" };
    expect(await refusal(ask, action, asCcn, "cbn")).toBe(
      `400 ParameterIllegal.ChildInstanceType: ${network} is a VPC, not a CCN.`,
    );
  });
}

test("does not tell the type of another account's network", async () => {
  const { CenId } = await other("CreateCen", {}, "cbn");
  const child = { CenId, ChildInstanceId: network, ChildInstanceType: "CCN", ChildInstanceRegionId: RegionId };
  expect(await refusal(other, "AttachCenChildInstance", child, "cbn")).toBe(
    `400 ParameterIllegal.ChildInstanceId: The specified network instance ${network} does not exist.`,
  );
});

test("DetachCcnInstanceFromCen names a wrong CenId", async () => {
  const detach = (CenId: unknown) =>
    refusal(ask, "DetachCcnInstanceFromCen", { RegionId, CcnId: ccn, CenId }, "smartag");
  const missing = (id: unknown) =>
    `404 ParameterCenInstanceId: The specified Cloud Enterprise Network ${id} does not exist.`;
  expect(await detach("cen-none")).toBe(missing("cen-none"));
  const theirs = (await other("CreateCen", {}, "cbn")).CenId;
  expect(await detach(theirs)).toBe(missing(theirs));
  const second = (await ask("CreateCen", {}, "cbn")).CenId;
  expect(await detach(second)).toBe(`400 ParameterIllegal.ChildInstanceId: ${ccn} is not attached to ${second}.`);
});
