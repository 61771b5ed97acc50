import { afterAll, expect, test } from "vitest";
import { Rule_Action, Rule_Direction, Rule_Protocol } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { hello, registerAccessPoint, type TestAccessPoint } from "./testing/access-point.ts";
import { ruleInput } from "./testing/both-entries.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, makeInstance, signIn } from "./testing/person.ts";

const { server, instance, here } = await startCompany("anna.test");
afterAll(() => server.close());

const ask = <T = { id: string }>(name: string, input: Record<string, unknown>) => server.ask(name, input) as Promise<T>;
const region = "cn-shanghai";

/** The rules that an access point has for a session: direction, action, remote ports, by priority. */
const rulesAt = (point: TestAccessPoint, session: string) =>
  point.peers.get(session)?.rules.map((rule) => `${rule.direction} ${rule.action} ${rule.ports[0]?.first ?? "all"}`);

/** Waits until the access point has these rules for a session; at most 2 s. */
const eventually = (session: string, rules: string[]) =>
  expect.poll(() => rulesAt(here, session), { timeout: 2_000, interval: 20 }).toEqual(rules);

test("a change of an ACL reaches the access points of running sessions within 2 s", async () => {
  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(rulesAt(here, session.sessionId)).toEqual([]);
  const acl = await ask("acl create", { name: "a list", type: "acl-software", region });
  const tcp = { ...ruleInput, protocol: "TCP" };
  const second = await ask("acl add", { acl: acl.id, rule: { ...tcp, destPorts: "22/22", priority: 20 } });
  await ask("acl add", { acl: acl.id, rule: { ...tcp, destPorts: "80/80", priority: 3, policy: "accept" } });
  await ask("acl use", { acl: acl.id, instance: instance.id });
  await eventually(session.sessionId, ["1 1 80", "1 2 22"]);
  await ask("acl set", { acl: acl.id, id: second.id, rule: { direction: "in", priority: 1 } });
  await eventually(session.sessionId, ["2 2 all", "1 1 80"]);
  expect(here.peers.get(session.sessionId)?.rules[0]).toMatchObject({
    id: second.id,
    clientPorts: [{ first: 22, last: 22 }],
  });
  // The list is part of what a session gets when it renews, and of a new one.
  await session.api.renew({ hello });
  await eventually(session.sessionId, ["2 2 all", "1 1 80"]);
  await ask("acl remove", { acl: acl.id, id: second.id });
  await eventually(session.sessionId, ["1 1 80"]);
  await ask("acl unuse", { acl: acl.id, instance: instance.id });
  await eventually(session.sessionId, []);
  await ask("acl use", { acl: acl.id, instance: instance.id });
  const next = await (await signIn(server, instance.code, "anna.test")).dial();
  await eventually(next.sessionId, ["1 1 80"]);
  await ask("acl unuse", { acl: acl.id, instance: instance.id });
});

test("a rule travels with all its fields, and only to sessions of the instance", async () => {
  const other = await makeInstance(server, "10.88.0.0/24");
  await makeAccount(server, other.id, "bruno.test");
  const acl = await ask("acl create", { name: "another list", type: "acl-software", region });
  const rule = {
    ...ruleInput,
    ...{ protocol: "UDP", priority: 9, sourceCidr: "10.88.0.0/25", destCidr: "fd10::/64" },
    ...{ sourcePorts: "1000/2000", destPorts: "53/53", name: "no names" },
  };
  const { id } = await ask("acl add", { acl: acl.id, rule });
  await ask("acl use", { acl: acl.id, instance: other.id });
  const bruno = await (await signIn(server, other.code, "bruno.test")).dial();
  const anna = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(here.peers.get(bruno.sessionId)).toMatchObject({
    rules: [
      {
        id,
        direction: Rule_Direction.FROM_CLIENT,
        action: Rule_Action.DENY,
        protocol: Rule_Protocol.UDP,
        priority: 9,
        clientPrefix: "10.88.0.0/25",
        clientPorts: [{ first: 1000, last: 2000 }],
        prefix: "fd10::/64",
        ports: [{ first: 53, last: 53 }],
      },
    ],
  });
  expect(rulesAt(here, anna.sessionId)).toEqual([]);

  // An access point of an earlier version would refuse the peer.
  const former = await registerAccessPoint(server.running.url, server.ask, "former", 51821, []);
  await former.connect();
  await expect.poll(() => former.peers.has(bruno.sessionId)).toBe(true);
  expect(rulesAt(former, bruno.sessionId)).toEqual([]);
  await former.disconnect();
});

test("acl explain names the rule that decides", async () => {
  const there = await makeInstance(server, "10.89.0.0/24");
  await makeAccount(server, there.id, "carla.test", { clientIp: "10.89.0.7" });
  await server.ask("route add", { instance: there.id, routes: ["10.4.0.0/16", "fd10::/64"] });
  const explained = (to: string, more: object = {}) =>
    ask<{ policy: string; reason: string; rule: { id: string } | null; clients: string[] }>("acl explain", {
      instance: there.id,
      user: "carla.test",
      to,
      ...more,
    });
  expect(await explained("10.4.0.1:22")).toEqual({
    ...{ policy: "accept", reason: "no_list", rule: null },
    clients: ["10.89.0.7/32"],
  });
  const acl = await ask("acl create", { name: "explained", type: "acl-software", region });
  const ssh = { ...ruleInput, protocol: "SSH", destCidr: "10.4.0.0/24", sourceCidr: "10.89.0.0/28" };
  const { id } = await ask("acl add", { acl: acl.id, rule: ssh });
  const admitted = await ask("acl add", {
    acl: acl.id,
    rule: { ...ruleInput, policy: "accept", destCidr: "10.9.0.0/16", priority: 2 },
  });
  await ask("acl use", { acl: acl.id, instance: there.id });
  expect(await explained("10.4.0.1:22")).toMatchObject({ policy: "drop", reason: "rule", rule: { id } });
  expect(await explained("10.4.0.1:23")).toMatchObject({ policy: "accept", reason: "no_rule", rule: null });
  expect(await explained("[fd10::1]:22")).toMatchObject({ policy: "accept", reason: "no_rule" });
  expect(await explained("10.4.0.1", { protocol: "ICMP" })).toMatchObject({ policy: "accept", reason: "no_rule" });
  expect(await explained("10.9.0.1:22")).toMatchObject({
    ...{ policy: "drop", reason: "no_route", rule: { id: admitted.id } },
  });
  for (const to of ["10.4.0.1", "10.4.0.1:0", "db.corp.example:22", "10.4.0.1:65536", "fd10::1"]) {
    await expect(explained(to)).rejects.toThrow("ADDRESS:PORT");
  }
  await expect(explained("10.4.0.1:1", { protocol: "ICMP" })).rejects.toThrow("ADDRESS");
  // With a session, its addresses count.
  const carla = await (await signIn(server, there.code, "carla.test")).dial();
  expect((await explained("10.4.0.1:22")).clients).toHaveLength(2);
  await carla.api.hangUp({});
});
