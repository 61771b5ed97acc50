import { connect } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { authorityOf, local, makeKey } from "../../../testing/admin-api.ts";
import { type RawCall, rawClient } from "../../../testing/raw.ts";
import { startServer } from "../../../testing/server.ts";
import { RegionId, startTwoAccounts } from "../../../testing/two-accounts.ts";
import { operations } from "./operations/index.ts";
import { productVersions } from "./protocol/operation.ts";

const { server, key, raw, secrets, close } = await startTwoAccounts();
afterAll(close);

const minute = 60_000;
const cases: [string, () => RawCall, number, string][] = [
  ["nothing wrong", () => ({}), 200, ""],
  [
    "an altered signature",
    () => ({
      headers: {
        authorization: `ACS3-HMAC-SHA256 Credential=${key.id},SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version;content-type,Signature=${"0".repeat(64)}`,
      },
    }),
    400,
    "SignatureDoesNotMatch",
  ],
  ["an altered operation", () => ({ headers: { "x-acs-action": "DeleteCen" } }), 400, "SignatureDoesNotMatch"],
  ["an altered body", () => ({ fields: { RegionId }, body: "RegionId=cn-beijing" }), 400, "SignatureDoesNotMatch"],
  ["another host", () => ({ headers: { host: "elsewhere.example" } }), 400, "SignatureDoesNotMatch"],
  ["a header more", () => ({ headers: { "x-acs-security-token": "x" } }), 400, "IncompleteSignature"],
  [
    "an unknown key",
    () => ({
      headers: {
        authorization: `ACS3-HMAC-SHA256 Credential=nobody,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version;content-type,Signature=${"0".repeat(64)}`,
      },
    }),
    404,
    "InvalidAccessKeyId.NotFound",
  ],
  ["no signature", () => ({ headers: { authorization: undefined } }), 400, "MissingAccessKeyId"],
  [
    "half a signature",
    () => ({ headers: { authorization: "ACS3-HMAC-SHA256 Credential=x,SignedHead" } }),
    400,
    "IncompleteSignature",
  ],
  ["another kind of authorization", () => ({ headers: { authorization: "Bearer x" } }), 400, "IncompleteSignature"],
  ["14 minutes old", () => ({ at: server.clock.now() - 14 * minute }), 200, ""],
  ["16 minutes old", () => ({ at: server.clock.now() - 16 * minute }), 400, "InvalidTimeStamp.Expired"],
  ["16 minutes ahead", () => ({ at: server.clock.now() + 16 * minute }), 400, "InvalidTimeStamp.Expired"],
  ["a date that is none", () => ({ headers: { "x-acs-date": "yesterday" } }), 400, "InvalidTimeStamp.Format"],
  ["a wrong version", () => ({ version: "2018-03-14" }), 400, "InvalidVersion"],
  ["no version", () => ({ version: "" }), 400, "MissingVersion"],
  ["no action", () => ({ action: "" }), 400, "MissingAction"],
  ["an action that is none", () => ({ action: "MakeCoffee" }), 404, "InvalidAction.NotFound"],
  ["an action of another product", () => ({ action: "CreateCen" }), 404, "InvalidAction.NotFound"],
  ["an action of Object.prototype", () => ({ action: "constructor" }), 404, "InvalidAction.NotFound"],
  ["an action that is not offered", () => ({ action: "CreateHealthCheck" }), 400, "UnsupportedOperation"],
  ["PUT", () => ({ method: "PUT" }), 405, "UnsupportedHTTPMethod"],
  [
    "a body that is no form",
    () => ({ headers: { "content-type": "application/json" }, body: "{}" }),
    400,
    "InvalidParameter",
  ],
  [
    "a field of 200 KB",
    () => ({ action: "DescribeACLs", fields: { RegionId, Name: "x".repeat(200_000) } }),
    400,
    "InvalidName",
  ],
  [
    "a field of 1 MB",
    () => ({ action: "DescribeACLs", fields: { RegionId, Name: "x".repeat(1_000_000) } }),
    400,
    "InvalidParameter",
  ],
  ["a parameter twice", () => ({ path: "/?A=1&A=2" }), 400, "InvalidParameter"],
  ["broken percent signs", () => ({ path: "/?A=%zz" }), 400, "InvalidParameter"],
  [
    "a deep list",
    () => ({ action: "DescribeSmartAccessGateways", fields: { [`SmartAGIds${".1".repeat(500)}`]: "x" } }),
    200,
    "",
  ],
  [
    "a list at 2 billion",
    () => ({ action: "DescribeSmartAccessGateways", fields: { "SmartAGIds.2000000000": "x" } }),
    400,
    "InvalidSmartAGIds",
  ],
  [
    "a list at 51",
    () => ({ action: "DescribeSmartAccessGateways", fields: { "SmartAGIds.51": "x" } }),
    400,
    "InvalidSmartAGIds",
  ],
  [
    "a tag without its key",
    () => ({ action: "CreateCen", version: productVersions.cbn, fields: { "Tag.1": "x" } }),
    400,
    "InvalidTag",
  ],
  ["a list with gaps", () => ({ action: "DescribeSmartAccessGateways", fields: { "SmartAGIds.7": "x" } }), 200, ""],
  [
    "3,000 parameters",
    () => ({ fields: Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`P${i}`, "1"])) }),
    400,
    "InvalidParameter",
  ],
  [
    "SQL in a name",
    () => ({ action: "DescribeSmartAccessGateways", fields: { RegionId, Name: "' OR 1=1; DROP TABLE instance; --" } }),
    200,
    "",
  ],
  ["wildcards in a name", () => ({ action: "DescribeSmartAccessGateways", fields: { RegionId, Name: "%" } }), 200, ""],
  ["a line end in a name", () => ({ action: "CreateACL", fields: { RegionId, Name: "a\nb" } }), 400, "InvalidName"],
];

for (const [what, call, status, code] of cases) {
  test(`${what}: ${code || "accepted"}`, async () => {
    const answer = await raw.ask(call());
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
    if (code) expect(Object.keys(answer.body).sort()).toEqual(["Code", "HostId", "Message", "Recommend", "RequestId"]);
    for (const secret of secrets) expect(answer.text).not.toContain(secret);
  });
}

test("refuses a repeated request; a change even after a restart", async () => {
  const describe = { nonce: "describe-once" };
  expect((await raw.ask(describe)).code).toBe("");
  expect((await raw.ask(describe)).code).toBe("SignatureNonceUsed");
  const change = { action: "CreateACL", fields: { RegionId, Name: "once" }, nonce: "change-once" };
  expect((await raw.ask(change)).code).toBe("");
  expect((await raw.ask(change)).code).toBe("SignatureNonceUsed");
  raw.close();
  await server.restart();
  expect((await raw.ask(change)).code).toBe("SignatureNonceUsed");
});

/** Sends the head and part of the body of a request, then closes the connection; returns the answer. */
function cutOff(bytes: number, away: "closed" | "reset"): Promise<string> {
  const url = new URL(server.running.url);
  const { head, body } = raw.written({ action: "CreateACL", fields: { RegionId, Name: "cut off" } });
  return new Promise((resolve) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port),
      servername: "localhost",
      ca: authorityOf(server),
    });
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    // The server may reset the connection.
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(`${head}${body.slice(0, bytes)}`, () => {
      if (away === "closed") socket.end();
      else socket.destroy();
    });
  });
}

test("a request whose body is cut off changes nothing and breaks nothing", async () => {
  const length = raw.written({ action: "CreateACL", fields: { RegionId, Name: "cut off" } }).body.length;
  for (const away of ["closed", "reset"] as const) {
    for (const bytes of [0, 1, length - 1]) expect(await cutOff(bytes, away)).not.toMatch(/ 200 | 5\d\d |AclId/);
  }
  const { body } = await raw.ask({ action: "DescribeACLs", fields: { RegionId, Name: "cut off" } });
  expect(body).toMatchObject({ TotalCount: 0 });
  // The complete request would have succeeded.
  expect(await cutOff(length, "closed")).toMatch(/ 200 [\s\S]*AclId/);
  expect(server.lines.filter((line) => line.level === "error")).toEqual([]);
});

test("throttles only the key that exceeds its rate, until tokens are available again", async () => {
  const strict = await startServer({ perSecond: 1, burst: 3 });
  const [hasty, other] = [rawClient(strict, await makeKey(strict)), rawClient(strict, await makeKey(strict))];
  const answers = await Promise.all(Array.from({ length: 8 }, () => hasty.ask({})));
  const refused = answers.filter(({ code }) => code !== "");
  expect(refused.length).toBeGreaterThan(2);
  for (const { code, status } of refused) expect([code, status]).toEqual(["Throttling.User", 429]);
  expect((await other.ask({})).code).toBe("");
  strict.clock.advance(2_000);
  expect((await hasty.ask({})).code).toBe("");
  for (const client of [hasty, other]) client.close();
  await strict.close();
});

test("refuses a disabled key as inactive and a deleted one as unknown", async () => {
  const other = await makeKey(server, "administrator", "partner");
  const client = rawClient(server, other);
  await local(server, "UpdateAccessKey", { Tenant: "partner", KeyId: other.id, Active: "false" });
  expect((await client.ask({})).code).toBe("InvalidAccessKeyId.Inactive");
  await local(server, "DeleteAccessKey", { Tenant: "partner", KeyId: other.id });
  expect((await client.ask({})).code).toBe("InvalidAccessKeyId.NotFound");
  client.close();
});

test("each role can run exactly its operations", async () => {
  const may = {
    administrator: ["read", "accounts-read", "accounts", "write"],
    "read-only": ["read", "accounts-read"],
    "accounts-only": ["accounts-read", "accounts"],
  };
  for (const [role, access] of Object.entries(may)) {
    const client = rawClient(server, await makeKey(server, role, "partner"));
    for (const { name, product, access: needed } of operations) {
      const { code } = await client.ask({
        action: name,
        version: productVersions[product],
        fields: { DryRun: "true" },
      });
      const refused = code === "Forbidden.RAM";
      expect([role, name, refused]).toEqual([role, name, !access.includes(needed)]);
    }
    client.close();
  }
});
