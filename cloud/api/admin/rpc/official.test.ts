import { afterAll, beforeAll, expect, test } from "vitest";
import { type AccessKeyPair, makeKey, openApi, popCore } from "../../../testing/admin-api.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

let server: TestServer;
let key: AccessKeyPair;
beforeAll(async () => {
  server = await startServer();
  key = await makeKey(server);
});
afterAll(() => server.close());

const ways = {
  "openapi-client, ACS3-HMAC-SHA256": () => openApi(server, key),
  "openapi-client, HMAC-SHA1": () => openApi(server, key, true),
  "pop-core, GET": () => popCore(server, key),
  "pop-core, POST": () => popCore(server, key, true),
};

for (const [name, way] of Object.entries(ways)) {
  test(`${name}: its signatures are accepted`, async () => {
    const ask = way();
    const made = await ask("CreateSmartAccessGatewaySoftware", {
      RegionId: "cn-shanghai",
      ChargeType: "PREPAY",
      Period: 1,
      DataPlan: 5,
      UserCount: 5,
      AutoPay: true,
    });
    expect(made.SmartAGId).toMatch(/^sag-[0-9a-z]{16}$/);
    const shown = await ask("DescribeSmartAccessGateways", { SmartAGIds: [made.SmartAGId], RegionId: "cn-shanghai" });
    expect(shown.TotalCount).toBe(1);
  });
  test(`${name}: a wrong secret is refused`, async () => {
    key = { ...key, secret: `${key.secret}x` };
    try {
      await expect(way()("DescribeRegions")).rejects.toMatchObject({ code: "SignatureDoesNotMatch", status: 400 });
    } finally {
      key = { ...key, secret: key.secret.slice(0, -1) };
    }
  });
}
