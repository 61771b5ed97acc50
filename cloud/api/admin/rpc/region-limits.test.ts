import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ask, type Fields, makeKey, openApi, type Refused } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

let server: TestServer;
let ask: Ask;
beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
});
afterAll(() => server.close());

test("limits the bandwidth between two regions of the same area by a package of that area", async () => {
  const { CenId } = await ask("CreateCen", {}, "cbn");
  const set = (LocalRegionId: string, OppositeRegionId: string) =>
    ask("SetCenInterRegionBandwidthLimit", { CenId, LocalRegionId, OppositeRegionId, BandwidthLimit: 2 }, "cbn").then(
      () => "accepted",
      (error: Refused) => error.message,
    );
  expect(await set("cn-shanghai", "cn-beijing")).toBe(
    "InvalidOperation.NoBandwidthPackage: No bandwidth package joins China and China in this CEN.",
  );
  const bought = { Bandwidth: 5, GeographicRegionAId: "China", GeographicRegionBId: "China" };
  const { CenBandwidthPackageId } = await ask("CreateCenBandwidthPackage", bought, "cbn");
  await ask("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
  expect(await set("cn-shanghai", "cn-beijing")).toBe("accepted");
  expect(await set("cn-shanghai", "cn-shanghai")).toBe(
    "ParameterIllegal.RegionId: A limit is between two regions, but both are cn-shanghai.",
  );
  const { CenInterRegionBandwidthLimits } = await ask("DescribeCenInterRegionBandwidthLimits", { CenId }, "cbn");
  expect((CenInterRegionBandwidthLimits as Fields).CenInterRegionBandwidthLimit).toEqual([
    expect.objectContaining({ LocalRegionId: "cn-beijing", OppositeRegionId: "cn-shanghai", BandwidthLimit: 2 }),
  ]);
});
