import { afterAll, expect, test } from "vitest";
import type { EventsResponse } from "#proto/client/v1/session_pb.js";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, makeInstance, newDevice, refusal, signIn } from "./testing/person.ts";

const { server, instance, here } = await startCompany("anna.test");
afterAll(() => server.close());

type Session = Awaited<ReturnType<Awaited<ReturnType<typeof signIn>>["dial"]>>;

/** Listens to a session until its stream ends. */
async function listen(session: Session) {
  const heard: EventsResponse["event"][] = [];
  const opened = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const { event } of session.api.events({ hello })) {
      heard.push(event);
      opened.resolve();
    }
  })();
  ended.catch(opened.reject);
  await opened.promise;
  return { heard, ended, last: () => heard.at(-1) };
}

test("a kicked client gets the reason, in the event and later, and may dial again", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const events = await listen(session);
  expect(events.heard[0]).toMatchObject({ case: "opened", value: { profileRevision: session.profileRevision } });
  await server.ask("account kick", { user: "anna.test", reason: "maintenance at noon" });
  await events.ended;
  expect(events.last()).toMatchObject({ case: "ended", value: { cause: Cause.KICKED, text: "maintenance at noon" } });
  expect(here.peers.has(session.sessionId)).toBe(false);
  expect(await refusal(session.api.renew({ hello }))).toMatchObject({ word: "kicked", text: "maintenance at noon" });
  expect((await refusal(listen(session))).word).toBe("kicked");
  await anna.dial();
});

test("a banned account is told until when, is refused until then, and then connects again", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const events = await listen(session);
  const said = /^Lost laptop\. You can connect again at \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/;
  const kicked = await server.ask("account kick", { user: "anna.test", reason: "Lost laptop", banSeconds: 60 });
  const until = (kicked as { bannedUntil: number }).bannedUntil;
  await events.ended;
  const told = { cause: Cause.KICKED, messageKey: "cloud.session_banned_because", text: expect.stringMatching(said) };
  expect(events.last()).toMatchObject({ case: "ended", value: told });
  expect(here.peers.has(session.sessionId)).toBe(false);
  const attempts = [
    () => session.api.renew({ hello }),
    () => anna.dial(),
    () => anna.refresh(),
    () => signIn(server, instance.code, "anna.test"),
  ];
  for (const attempt of attempts) {
    expect(await refusal(attempt())).toMatchObject({ word: "kicked", text: expect.stringMatching(said) });
  }
  const { retryAfter } = await refusal(anna.dial());
  expect(Number(retryAfter?.seconds)).toBeLessThanOrEqual(60);
  expect(await server.ask("account show", { user: "anna.test" })).toMatchObject({ bannedUntil: until });
  server.clock.advance(60_000);
  await anna.dial();
});

test("enabling an account ends its ban", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  await server.ask("account kick", { user: "anna.test", reason: "", banSeconds: 86_400 });
  const refused = await refusal(anna.dial());
  expect(refused).toMatchObject({ word: "kicked", messageKey: "cloud.session_banned" });
  // A kick without a ban does not shorten it.
  await server.ask("account kick", { user: "anna.test", reason: "" });
  expect((await refusal(anna.dial())).word).toBe("kicked");
  await server.ask("account enable", { user: "anna.test" });
  await anna.dial();
  for (const banSeconds of [0, -1, 367 * 86_400]) {
    await expect(server.ask("account kick", { user: "anna.test", reason: "", banSeconds })).rejects.toThrow("ban");
  }
});

test("sessions with another address than the new fixed one end", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const events = await listen(session);
  await server.ask("account set", { user: "anna.test", clientIp: "10.86.0.77" });
  await events.ended;
  const why = { cause: Cause.SESSION_EXPIRED, text: "The address of this account is now 10.86.0.77." };
  expect(events.last()).toMatchObject({ case: "ended", value: why });
  expect(here.peers.has(session.sessionId)).toBe(false);
  const next = await anna.dial();
  expect(next.addresses[0]).toBe("10.86.0.77/32");
  // One that has it goes on, and keeps it when it is no longer fixed.
  for (const clientIp of ["10.86.0.77", ""]) await server.ask("account set", { user: "anna.test", clientIp });
  expect((await next.api.renew({ hello })).session?.addresses[0]).toBe("10.86.0.77/32");
});

test("a disabled account is disconnected and refused until it is enabled", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const events = await listen(session);
  await server.ask("account disable", { user: "anna.test" });
  await events.ended;
  expect(events.last()).toMatchObject({ case: "ended", value: { cause: Cause.ACCOUNT_DISABLED } });
  expect((await refusal(anna.dial())).word).toBe("account_disabled");
  expect((await refusal(session.api.renew({ hello }))).word).toBe("account_disabled");
  expect((await refusal(signIn(server, instance.code, "anna.test"))).word).toBe("account_disabled");
  await server.ask("account enable", { user: "anna.test" });
  await anna.dial();
});

test("a device that dials again replaces its session and the old stream reports it", async () => {
  const anna = await signIn(server, instance.code, "anna.test", newDevice("desk"));
  const events = await listen(await anna.dial());
  await anna.dial();
  await events.ended;
  expect(events.last()).toMatchObject({ case: "ended", value: { cause: Cause.REPLACED, deviceName: "desk" } });
});

test("an administrator's change reaches client and access point within 2 s", async () => {
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  const events = await listen(session);
  const changes: [string, object][] = [
    ["route add", { routes: ["10.1.0.0/16"] }],
    ["dns set", { servers: ["10.1.0.53"], domains: [] }],
    ["dns set", { servers: ["10.1.0.53"], domains: [], search: ["corp.example"] }],
    ["policy set", { change: { lockdown: true } }],
    ["route remove", { route: "10.1.0.0/16" }],
  ];
  for (const [operation, parameters] of changes) {
    const before = events.heard.length;
    await server.ask(operation, { instance: instance.id, ...parameters });
    await expect.poll(() => events.heard.length, { timeout: 2_000 }).toBe(before + 1);
    const renewed = (await session.api.renew({ hello })).session;
    expect(events.last()).toMatchObject({
      case: "profileChanged",
      value: { profileRevision: renewed?.profileRevision },
    });
  }
  await expect.poll(() => here.peers.get(session.sessionId)?.destinations).toEqual([]);
  const before = events.heard.length;
  const there = await registerAccessPoint(server.running.url, server.ask, "there", 51821);
  await there.connect();
  await expect.poll(() => events.heard.length, { timeout: 2_000 }).toBe(before + 1);
  const renewed = (await session.api.renew({ hello })).session;
  expect(renewed?.accessPoints.map((a) => a.ready)).toEqual([true, true]);
  // Bytes of a message that arrived in one chunk are a Buffer.
  expect(Buffer.from(there.peers.get(session.sessionId)?.presharedKey ?? [])).toEqual(
    Buffer.from(renewed?.accessPoints[1]?.presharedKey ?? [1]),
  );
  expect(there.peers.get(session.sessionId)?.presharedKey).not.toEqual(here.peers.get(session.sessionId)?.presharedKey);
  await session.api.hangUp({});
  await events.ended;
});

test("removing an address block ends its sessions, but is refused if it contains a fixed address", async () => {
  const { id, code } = await makeInstance(server, "10.90.0.0/24");
  await makeAccount(server, id, "bruno.test", { clientIp: "10.90.0.9" });
  await server.ask("cidr add", { instance: id, cidr: "10.91.0.0/24" });
  await expect(server.ask("cidr remove", { instance: id, cidr: "10.90.0.0/24" })).rejects.toThrow("10.90.0.9");
  await server.ask("account delete", { instance: id, user: "bruno.test" });
  await makeAccount(server, id, "carla.test");
  const events = await listen(await (await signIn(server, code, "carla.test")).dial());
  await server.ask("cidr remove", { instance: id, cidr: "10.90.0.0/24" });
  await events.ended;
  expect(events.last()).toMatchObject({ case: "ended", value: { cause: Cause.SESSION_EXPIRED } });
});
