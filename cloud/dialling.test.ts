import { afterAll, beforeAll, expect, test } from "vitest";
import { hello, registerAccessPoint, type TestAccessPoint } from "./testing/access-point.ts";
import { makeAccount, makeInstance, newDevice, newKey, refusal, signIn } from "./testing/person.ts";
import { clientsOf, startServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let here: TestAccessPoint;
const instance = { id: "", code: "" };

beforeAll(async () => {
  server = await startServer();
  Object.assign(instance, await makeInstance(server));
  await makeAccount(server, instance.id, "anna.test");
});
afterAll(() => server.close());

test("refuses to dial without an access point", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  expect((await refusal(anna.dial())).word).toBe("no_access_point");
  here = await registerAccessPoint(server.running.url, server.ask, "here");
  expect((await refusal(anna.dial())).word).toBe("no_access_point");
});

test("dials from a code to a peer on the access point", async () => {
  await here.connect();
  await server.ask("route add", { instance: instance.id, routes: ["10.0.0.0/16"] });
  await server.ask("dns set", {
    instance: instance.id,
    servers: ["192.0.2.53"],
    domains: ["corp.example"],
    search: ["CORP.example."],
  });
  const { client } = clientsOf(server.running.url);
  const found = await client.discover({ hello, enterpriseCode: instance.code.toLowerCase() });
  expect(found.displayName).toBe("At 10.86.0.0/24");
  expect(found.server?.spkiPins).toHaveLength(2);

  const anna = await signIn(server, instance.code, "anna.test");
  const publicKey = newKey();
  const session = await anna.dial(publicKey);
  expect(session.addresses[0]).toMatch(/^10\.86\.0\.\d+\/32$/);
  expect(session.addresses[1]).toMatch(/^fd.*\/128$/);
  expect(session.accessPoints.map(({ ready, probeAddress }) => ({ ready, probeAddress }))).toEqual([
    { ready: true, probeAddress: here.probeAddress },
  ]);
  expect(session.dns?.domains).toEqual(["corp.example"]);
  expect(session.dns?.searchDomains).toEqual(["corp.example"]);
  expect(Number(session.lease?.seconds)).toBeGreaterThan(43_000);
  expect(session.hops.map((hop) => hop.whole)).toEqual(Array(6).fill(true));
  const peer = here.peers.get(session.sessionId);
  expect(peer?.publicKey).toEqual(publicKey);
  expect(peer?.addresses).toEqual(session.addresses);
  // The name server is outside of the routes, so it must not become a destination.
  expect(peer?.destinations).toEqual(["10.0.0.0/16"]);
  expect(peer?.bandwidth).toBe(2_000_000n);
  expect(peer?.presharedKey).toEqual(session.accessPoints[0]?.presharedKey);
  await session.api.hangUp({});
});

test("a new Dial of a device replaces its session and keeps its address", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const first = await anna.dial();
  const second = await anna.dial();
  expect(second.sessionId).not.toBe(first.sessionId);
  expect(second.addresses).toEqual(first.addresses);
  expect(here.peers.has(first.sessionId)).toBe(false);
  expect((await refusal(first.api.renew({ hello }))).word).toBe("replaced");
  await second.api.hangUp({});
  expect((await anna.dial()).addresses).toEqual(first.addresses);
});

test("Renew keeps the session and can change its key", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  expect(session.enterpriseCode).toBe(instance.code);
  const { session: same, spkiPins } = await session.api.renew({ hello });
  expect(spkiPins.map((pin) => pin.length)).toEqual([32, 32]);
  expect(same?.enterpriseCode).toBe(instance.code);
  expect(same?.sessionToken).toBe("");
  expect(same?.incarnation).toBe(1);
  expect(same?.accessPoints[0]?.presharedKey).toEqual(session.accessPoints[0]?.presharedKey);
  const publicKey = newKey();
  const next = (await session.api.renew({ hello, publicKey })).session;
  expect(next?.incarnation).toBe(2);
  expect(next?.addresses).toEqual(session.addresses);
  expect(next?.accessPoints[0]?.ready).toBe(true);
  expect(next?.accessPoints[0]?.presharedKey).not.toEqual(session.accessPoints[0]?.presharedKey);
  expect(here.peers.get(session.sessionId)?.publicKey).toEqual(publicKey);
  await session.api.hangUp({});
  await session.api.hangUp({});
  expect((await refusal(session.api.renew({ hello }))).word).toBe("session_expired");
});

test("ends a session when its lease ends, to the second", async () => {
  await server.ask("policy set", { instance: instance.id, change: { leaseSeconds: 20 } });
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  expect(Number(session.renewAfter?.seconds)).toBeLessThanOrEqual(10);
  server.clock.advance(12_000);
  await session.api.renew({ hello });
  server.clock.advance(12_000);
  await session.api.renew({ hello });
  expect(here.peers.has(session.sessionId)).toBe(true);
  server.clock.advance(21_000);
  await expect.poll(() => here.peers.has(session.sessionId)).toBe(false);
  expect((await refusal(session.api.renew({ hello }))).word).toBe("session_expired");
  await server.ask("policy set", { instance: instance.id, change: { leaseSeconds: 43_200 } });
});

test("limits devices per account, and lists the connected ones", async () => {
  const { code, id } = await makeInstance(server, "10.87.0.0/24");
  await makeAccount(server, id, "bruno.test");
  await server.ask("policy set", { instance: id, change: { devicesPerAccount: 2 } });
  const rates = new Set<string | undefined>();
  for (const name of ["one", "two"]) {
    const session = await (await signIn(server, code, "bruno.test", newDevice(name))).dial();
    rates.add(here.peers.get(session.sessionId)?.sharedRateId);
  }
  expect(rates, "both share the account's bandwidth").toHaveLength(1);
  expect(rates).not.toContain("");
  const third = await signIn(server, code, "bruno.test", newDevice("three"));
  const failure = await refusal(third.dial());
  expect(failure.word).toBe("session_limit");
  expect(failure.sessions.map((s) => s.deviceName).sort()).toEqual(["one", "two"]);
  await server.ask("session end", { id: failure.sessions[0]?.sessionId ?? "", reason: "make room" });
  await third.dial();
});

test("gives a fixed address to the latest device and tells the other one its name", async () => {
  const { code, id } = await makeInstance(server, "10.88.0.0/24");
  await makeAccount(server, id, "carla.test", { clientIp: "10.88.0.77", bandwidth: 0 });
  const first = await (await signIn(server, code, "carla.test", newDevice("desk"))).dial();
  const second = await (await signIn(server, code, "carla.test", newDevice("phone"))).dial();
  expect([first.addresses[0], second.addresses[0]]).toEqual(["10.88.0.77/32", "10.88.0.77/32"]);
  const failure = await refusal(first.api.renew({ hello }));
  expect([failure.word, failure.deviceName]).toEqual(["replaced", "phone"]);
  expect([...here.peers.values()].filter((p) => p.addresses[0] === "10.88.0.77/32")).toHaveLength(1);
  expect(here.peers.get(second.sessionId)?.bandwidth).toBe(0n);
});

test("refuses to dial if the pool is exhausted; an address is free once the access point confirmed the removal", async () => {
  const { code, id } = await makeInstance(server, "10.89.0.0/30");
  for (const user of ["dora.test", "emil.test", "fritz.test"]) await makeAccount(server, id, user);
  const dora = await (await signIn(server, code, "dora.test")).dial();
  await (await signIn(server, code, "emil.test")).dial();
  const fritz = await signIn(server, code, "fritz.test");
  expect((await refusal(fritz.dial())).word).toBe("address_pool_exhausted");
  here.acknowledges = false;
  await dora.api.hangUp({});
  await expect.poll(() => here.peers.has(dora.sessionId)).toBe(false);
  expect((await refusal(fritz.dial())).word).toBe("address_pool_exhausted");
  here.acknowledges = true;
  await here.acknowledge();
  expect((await fritz.dial()).addresses[0]).toBe(dora.addresses[0]);
});

test("does not give a fixed address to another account while a disconnected access point may still have it", async () => {
  const { code, id } = await makeInstance(server, "10.90.0.0/24");
  const cutOff = await registerAccessPoint(server.running.url, server.ask, "cut off", 51829);
  await cutOff.connect();
  await makeAccount(server, id, "carla.test");
  const carla = await (await signIn(server, code, "carla.test")).dial();
  const address = carla.addresses[0]?.replace("/32", "") ?? "";
  await expect.poll(() => cutOff.peers.has(carla.sessionId)).toBe(true);
  await cutOff.disconnect();
  await server.ask("account kick", { instance: id, user: "carla.test", reason: "" });
  await server.ask("account delete", { instance: id, user: "carla.test" });
  await makeAccount(server, id, "heidi.test", { clientIp: address });
  const heidi = await signIn(server, code, "heidi.test");
  const failure = await refusal(heidi.dial());
  expect(failure.word).toBe("address_in_use");
  expect(Number(failure.retryAfter?.seconds)).toBeGreaterThan(43_000);
  expect(cutOff.peers.has(carla.sessionId)).toBe(true);
  await cutOff.connect();
  await cutOff.acknowledge();
  expect((await heidi.dial()).addresses[0]).toBe(`${address}/32`);
  await server.ask("access-point remove", { id: cutOff.id });
});

test("knowing another user's device id does not allow ending its session or getting its address", async () => {
  const { code, id } = await makeInstance(server, "10.91.0.0/24");
  for (const user of ["karl.test", "lena.test"]) await makeAccount(server, id, user);
  const device = newDevice();
  const karl = await (await signIn(server, code, "karl.test", device)).dial();
  const lena = await (await signIn(server, code, "lena.test", device)).dial();
  await karl.api.renew({ hello });
  expect(lena.addresses).not.toEqual(karl.addresses);
  await karl.api.hangUp({});
  await lena.api.hangUp({});
  expect((await (await signIn(server, code, "lena.test", device)).dial()).addresses).toEqual(lena.addresses);
});

test("an access point that does not acknowledge delays Dial up to its limit and is marked not ready", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  here.acknowledges = false;
  const begun = performance.now();
  const session = await anna.dial();
  expect(performance.now() - begun).toBeGreaterThan(290);
  expect(session.accessPoints.map((a) => a.ready)).toEqual([false]);
  here.acknowledges = true;
  await here.acknowledge();
  expect((await session.api.renew({ hello })).session?.accessPoints[0]?.ready).toBe(true);
});

test("offers a chosen access point first, a disconnected one last and eventually not at all", async () => {
  const there = await registerAccessPoint(server.running.url, server.ask, "there", 51821);
  await there.connect();
  const anna = await signIn(server, instance.code, "anna.test");
  expect((await anna.dial()).accessPoints.map((a) => a.name)).toEqual(["here", "there"]);
  expect((await anna.dial(newKey(), there.id)).accessPoints.map((a) => a.name)).toEqual(["there", "here"]);
  expect((await anna.dial(newKey(), "there")).accessPoints.map((a) => a.name)).toEqual(["there", "here"]);
  const unknown = await refusal(anna.dial(newKey(), "nowhere"));
  expect([unknown.word, unknown.text]).toEqual([
    "invalid_argument",
    "There is no access point nowhere. Available: here, there.",
  ]);
  await here.disconnect();
  await expect.poll(async () => (await anna.dial()).accessPoints.map((a) => a.name)).toEqual(["there", "here"]);
  // Also a chosen one: without a stream it cannot receive the peer.
  const without = (await anna.dial(newKey(), here.id)).accessPoints.map((a) => ({ name: a.name, ready: a.ready }));
  expect(without).toEqual([
    { name: "there", ready: true },
    { name: "here", ready: false },
  ]);
  server.clock.advance(61_000);
  expect((await anna.dial()).accessPoints.map((a) => a.name)).toEqual(["there"]);
  await here.connect();
});

test("a full tunnel routes everything", async () => {
  const change = { fullTunnel: true, lockdown: true, devicesPerAccount: 9 };
  await server.ask("policy set", { instance: instance.id, change });
  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(session.routes).toEqual(["0.0.0.0/0", "::/0"]);
  expect(session.policy).toMatchObject({ fullTunnel: true, lockdown: true });
  expect(here.peers.get(session.sessionId)?.destinations).toEqual(["0.0.0.0/0", "::/0"]);
});
