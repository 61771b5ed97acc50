import { afterAll, beforeAll, expect, test } from "vitest";
import { registerAccessPoint, type TestAccessPoint } from "../../../testing/access-point.ts";
import { type Ask, makeKey, openApi } from "../../../testing/admin-api.ts";
import { makeAccount, makeInstance, signIn } from "../../../testing/person.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";

// User names are equal in any letter case, so every read must find what is stored under the account's own spelling.

let server: TestServer;
let point: TestAccessPoint;
let ask: Ask;
let one: { RegionId: string; SmartAGId: string };

beforeAll(async () => {
  server = await startServer();
  point = await registerAccessPoint(server.running.url, server.ask, "here");
  await point.connect();
  ask = openApi(server, await makeKey(server));
  const instance = await makeInstance(server);
  one = { RegionId: "cn-shanghai", SmartAGId: instance.id };
  await makeAccount(server, instance.id, "first.user");
  const session = await (await signIn(server, instance.code, "first.user")).dial();
  await point.report(session.sessionId, 1_000n, 7_000n);
});
afterAll(async () => {
  await point.disconnect();
  await server.close();
});

const spellings = ["first.user", "FIRST.user", " First.User "];

test.each(spellings)("DescribeUserFlowStatistics counts the traffic of %j", async (name) => {
  const answer = await ask("DescribeUserFlowStatistics", { ...one, UserNames: [name] });
  expect(answer.SagStatistics).toMatchObject({ Statistics: [{ UserName: "first.user", TotalBytes: "7000" }] });
});

test.each(spellings)("DescribeUserOnlineClientStatistics counts the sessions of %j", async (name) => {
  const answer = await ask("DescribeUserOnlineClientStatistics", { ...one, UserNames: [name] });
  expect(answer.UserStatistics).toEqual({ Statistics: [{ UserName: "first.user", OnlineCount: "1" }] });
});

test.each(spellings)("DescribeUserOnlineClients lists the sessions of %j", async (name) => {
  const answer = await ask("DescribeUserOnlineClients", { ...one, UserName: name });
  expect(answer.Users).toMatchObject({ User: [{ ClientIp: "10.86.0.1" }] });
});

test.each(spellings)("DescribeSmartAccessGatewayClientUsers finds %j", async (name) => {
  const answer = await ask("DescribeSmartAccessGatewayClientUsers", { ...one, UserName: name });
  expect(answer).toMatchObject({ TotalCount: 1, Users: { User: [{ UserName: "first.user" }] } });
});

test("the traffic of a deleted account is found under another spelling too, an unknown name is refused", async () => {
  await ask("DeleteSmartAccessGatewayClientUser", { ...one, UserName: "FIRST.USER" });
  const answer = await ask("DescribeUserFlowStatistics", { ...one, UserNames: ["FIRST.user"] });
  expect(answer.SagStatistics).toMatchObject({ Statistics: [{ UserName: "first.user", TotalBytes: "7000" }] });
  await expect(ask("DescribeUserFlowStatistics", { ...one, UserNames: ["second.user"] })).rejects.toMatchObject({
    code: "ClientUser.NameInvalid",
  });
});
