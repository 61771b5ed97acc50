import { afterAll, expect, test } from "vitest";
import { ForwardingMode } from "#proto/accesspoint/v1/accesspoint_pb.js";
import type { SessionView } from "./domain/sessions/listing.ts";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newKey, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance, here } = await startCompany("anna.test");
afterAll(() => server.close());

const description = {
  name: "x",
  publicKey: newKey(),
  endpoints: [{ transport: 1, host: "127.0.0.1", port: 1 }],
  mode: ForwardingMode.USERSPACE,
  bootId: "0".repeat(32),
};

test("limits a registration token to its uses and its lifetime", async () => {
  const { accessPoint } = clientsOf(server.running.url);
  const made = (await server.ask("access-point token create", { uses: 2, lifetimeSeconds: 60 })) as { token: string };
  const anew = () => ({ hello, token: made.token, description: { ...description, publicKey: newKey() } });
  await accessPoint.register(anew());
  await accessPoint.register(anew());
  expect((await refusal(accessPoint.register(anew()))).word).toBe("bad_credentials");
  const late = (await server.ask("access-point token create", { uses: 1, lifetimeSeconds: 60 })) as { token: string };
  server.clock.advance(61_000);
  expect((await refusal(accessPoint.register({ hello, token: late.token, description }))).word).toBe("bad_credentials");
});

test("refuses callers without an access point's identity", async () => {
  const stream = clientsOf(server.running.url, "sai_0000000000000000000000").accessPoint.watch({ hello, description });
  expect((await refusal(stream[Symbol.asyncIterator]().next())).word).toBe("bad_credentials");
});

test("ends the first stream when the access point opens a second one, which continues from its revision", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const last = here.messages.at(-1);
  const { accessPoint: api } = clientsOf(server.running.url, here.identity);
  const abort = new AbortController();
  const from = { epoch: last?.epoch ?? 0n, revision: last?.revision ?? 0n };
  const again = { hello, description: { ...description, bootId: here.bootId }, ...from };
  const second = api.watch(again, { signal: abort.signal })[Symbol.asyncIterator]();
  const first = (await second.next()).value;
  expect(first?.change.case).toBe("delta");
  expect(first?.epoch).toBe(last?.epoch);
  await here.disconnect();
  const next = second.next();
  await session.api.hangUp({});
  expect((await next).value?.change).toMatchObject({ case: "delta", value: { remove: [session.sessionId] } });
  abort.abort();
  await here.connect();
});

test("sends a snapshot for another epoch or a revision that is too old", async () => {
  const { accessPoint: api } = clientsOf(server.running.url, here.identity);
  for (const start of [
    { epoch: 7n, revision: 1n },
    { epoch: here.messages.at(-1)?.epoch ?? 0n, revision: 1n << 40n },
  ]) {
    const abort = new AbortController();
    const stream = api.watch({ hello, description, ...start }, { signal: abort.signal });
    const first = await stream[Symbol.asyncIterator]().next();
    expect(first.value?.change).toMatchObject({ case: "snapshot", value: { last: true } });
    abort.abort();
  }
  await here.connect();
});

test("adds counters up across restarts of the access point, and ignores late ones", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const { sessionId } = await anna.dial();
  const total = async () => {
    const all = (await server.ask("session list", {})) as SessionView[];
    const mine = all.find((s) => s.id === sessionId);
    return [mine?.rxBytes, mine?.txBytes, mine?.accessPointId];
  };
  await here.report(sessionId, 100n, 1_000n);
  await here.report(sessionId, 150n, 3_000n);
  await here.report(sessionId, 120n, 2_000n);
  expect(await total()).toEqual([150, 3_000, here.id]);
  const { accessPoint: api } = clientsOf(server.running.url, here.identity);
  const bootId = "f".repeat(32);
  await api.report({ bootId, counters: [{ sessionId, rxBytes: 7n, txBytes: 9n, generation: 2n, active: true }] });
  expect(await total()).toEqual([157, 3_009, here.id]);
  const account = (await server.ask("account show", { user: "anna.test" })) as Record<string, unknown>;
  expect([account.rxBytes, account.txBytes]).toEqual([157, 3_009]);
});

test("sends sessions and keys again with a new epoch after a restart of the cloud", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const before = here.peers.get(session.sessionId);
  const epoch = here.messages.at(-1)?.epoch ?? 0n;
  await server.restart();
  await here.connect();
  const after = here.peers.get(session.sessionId);
  expect(here.messages.at(-1)?.epoch).toBeGreaterThan(epoch);
  expect([after?.publicKey, after?.presharedKey, after?.addresses]).toEqual([
    before?.publicKey,
    before?.presharedKey,
    before?.addresses,
  ]);
  expect((await session.api.renew({ hello })).session?.accessPoints[0]?.ready).toBe(true);
  await session.api.hangUp({});
});

test("account set: applies a new bandwidth cap to the running session, and refuses invalid values", async () => {
  await makeAccount(server, instance.id, "gerd.test");
  const session = await (await signIn(server, instance.code, "gerd.test")).dial();
  const heard: string[] = [];
  const stream = (async () => {
    for await (const { event } of session.api.events({ hello })) heard.push(event.case ?? "");
  })();
  await expect.poll(() => heard).toEqual(["opened"]);
  const cap = () => Number(here.peers.get(session.sessionId)?.bandwidth);
  await expect.poll(cap).toBe(2_000_000);
  const user = { instance: instance.id, user: "gerd.test" };
  const wanted = { ...user, bandwidth: 20_000, mail: "gerd@example.com" };
  expect(await server.ask("account set", wanted)).toMatchObject({ bandwidth: 20_000, mail: "gerd@example.com" });
  await expect.poll(cap).toBe(20_000_000);
  // The client receives the new cap, too.
  expect(session.bandwidthKbps).toBe(2_000);
  await expect.poll(() => heard).toEqual(["opened", "profileChanged"]);
  expect((await session.api.renew({ hello })).session?.bandwidthKbps).toBe(20_000);
  for (const bad of [{ bandwidth: 20_001 }, { mail: "nobody" }, { clientIp: "127.0.0.1" }])
    await expect(server.ask("account set", { ...user, ...bad })).rejects.toThrow();
  expect(await server.ask("account show", user)).toMatchObject({ bandwidth: 20_000, mail: "gerd@example.com" });
  await session.api.hangUp({});
  await stream;
});

test("ends the stream of a removed access point, and removes it from sessions", async () => {
  const gone = await registerAccessPoint(server.running.url, server.ask, "gone", 51822);
  await gone.connect();
  await server.ask("access-point remove", { id: gone.id });
  await expect.poll(() => refusal(gone.acknowledge()).then((f) => f.word)).toBe("bad_credentials");
  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(session.accessPoints.map((a) => a.name)).toEqual(["here"]);
});

test("splits a large snapshot into parts within the message limit", async () => {
  await server.ask("route add", {
    instance: instance.id,
    routes: Array.from({ length: 999 }, (_, i) => `10.${100 + (i >> 8)}.${i & 255}.0/24`),
  });
  await server.ask("policy set", { instance: instance.id, change: { devicesPerAccount: 64 } });
  await makeAccount(server, instance.id, "many.test");
  const before = here.peers.size;
  for (let i = 0; i < 14; i++) await (await signIn(server, instance.code, "many.test")).dial();
  here.messages.length = 0;
  await here.disconnect();
  await here.connect();
  await expect.poll(() => here.messages.at(-1)?.change).toMatchObject({ case: "snapshot", value: { last: true } });
  const parts = here.messages.map((m) => (m.change.case === "snapshot" ? m.change.value : undefined));
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.map((p) => p?.last)).toEqual(parts.map((_, i) => i === parts.length - 1));
  expect(parts.reduce((sum, p) => sum + (p?.peers.length ?? 0), 0)).toBe(before + 14);
});

test("answers a repeated registration alike until the identity was used", async () => {
  const made = (await server.ask("access-point token create", { uses: 1, lifetimeSeconds: 60 })) as { token: string };
  const before = (await server.ask("access-point list", {})) as unknown[];
  const request = { hello, token: made.token, description: { ...description, publicKey: newKey() } };
  const { accessPoint } = clientsOf(server.running.url);
  const first = await accessPoint.register(request);
  await server.restart();
  const second = await clientsOf(server.running.url).accessPoint.register(request);
  expect([second.accessPointId, second.identity]).toEqual([first.accessPointId, first.identity]);
  expect(await server.ask("access-point list", {})).toHaveLength(before.length + 1);
  // A request with another key is another access point, and the token was for a single one.
  const another = { ...request, description: { ...request.description, publicKey: newKey() } };
  expect((await refusal(accessPoint.register(another))).word).toBe("bad_credentials");
  const stream = clientsOf(server.running.url, first.identity).accessPoint.watch({ hello, description });
  expect((await stream[Symbol.asyncIterator]().next()).value?.change.case).toBe("snapshot");
  expect((await refusal(accessPoint.register(request))).word).toBe("bad_credentials");
});
