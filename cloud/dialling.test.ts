import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Mode } from "#proto/types/v1/state_pb.js";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { clientsOf, startServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let code = "";

beforeEach(async () => {
  server = await startServer();
  const made = (await server.ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] })) as {
    enterpriseCode: string;
  };
  code = made.enterpriseCode;
  await server.ask("account create", {
    user: "anna.test",
    mail: "anna@example.com",
    password: "correct-horse",
    mustChange: false,
  });
});
afterEach(() => server.close());

test("from a code to a peer that an access point has in force", async () => {
  const { url } = server.running;
  const accessPoint = await registerAccessPoint(url, server.ask, "here");
  await accessPoint.connect();
  await server.ask("route add", { routes: ["10.0.0.0/16"] });
  const { client } = clientsOf(url);
  const found = await client.discover({ hello, enterpriseCode: code.toLowerCase() });
  expect(found.displayName).toBe("Contoso");
  const device = { id: randomBytes(16).toString("hex"), name: "anna-laptop", platform: "linux" };
  const { signedIn } = await client.signIn({
    hello,
    enterpriseCode: code,
    userName: "anna.test",
    password: "correct-horse",
    device,
  });
  const publicKey = new Uint8Array(randomBytes(32));
  const { session } = await clientsOf(url, signedIn?.tokens?.accessToken).client.dial({
    hello,
    publicKey,
    mode: Mode.PROXY,
  });
  expect(session?.addresses[0]).toBe("10.86.0.1/32");
  expect(session?.accessPoints[0]?.ready).toBe(true);
  const peer = accessPoint.peers.get(session?.sessionId ?? "");
  expect(peer?.publicKey).toEqual(publicKey);
  expect(peer?.destinations).toEqual(["10.0.0.0/16"]);
  expect(peer?.presharedKey).toEqual(session?.accessPoints[0]?.presharedKey);
});
