import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeKey } from "../../../testing/admin-api.ts";
import { type RawCall, rawClient } from "../../../testing/raw.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";
import { productVersions } from "./protocol/operation.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test("refuses a request with a ClientToken that is sent again unchanged after a restart, but answers a newly signed one", async () => {
  const key = await makeKey(server);
  // A new client each time, because a restart closes the connections.
  const send = async (call: RawCall) => {
    const client = rawClient(server, key);
    return client.ask(call).finally(client.close);
  };
  const fields = { Name: "backbone", ClientToken: "token-1" };
  const call = { action: "CreateCen", version: productVersions.cbn, fields, nonce: randomUUID() };
  const at = server.clock.now();
  const made = await send({ ...call, at });
  expect([made.status, made.body.CenId]).toEqual([200, expect.stringMatching(/^cen-/)]);
  await server.restart();
  expect((await send({ ...call, at })).code).toBe("SignatureNonceUsed");
  const repeated = { ...call, nonce: randomUUID(), at };
  expect((await send(repeated)).body.CenId).toBe(made.body.CenId);
  await server.restart();
  expect((await send(repeated)).code).toBe("SignatureNonceUsed");
});
