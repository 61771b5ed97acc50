import { request } from "node:http";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  DropCounters_Reason,
  Rule_Action,
  Rule_Direction,
  Rule_Protocol,
} from "#proto/accesspoint/v1/accesspoint_pb.js";
import type { Explanation } from "./domain/acl/explain.ts";
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

test("the list of an account comes before that of its instance", async () => {
  const there = await makeInstance(server, "10.91.0.0/24");
  for (const user of ["emil.test", "frida.test"]) await makeAccount(server, there.id, user);
  await server.ask("route add", { instance: there.id, routes: ["10.4.0.0/16"] });
  const emil = await (await signIn(server, there.code, "emil.test")).dial();
  const frida = await (await signIn(server, there.code, "frida.test")).dial();
  const [common, own] = [
    await ask("acl create", { name: "common", type: "acl-software", region }),
    await ask("acl create", { name: "own", type: "acl-software", region }),
  ];
  const ssh = { ...ruleInput, protocol: "SSH" };
  const dropped = await ask("acl add", { acl: common.id, rule: { ...ruleInput, policy: "drop", priority: 1 } });
  const accepted = await ask("acl add", { acl: own.id, rule: { ...ssh, policy: "accept", priority: 90 } });
  await ask("acl use", { acl: common.id, instance: there.id });
  await ask("acl use", { acl: own.id, instance: there.id, user: "emil.test" });
  await eventually(emil.sessionId, ["1 1 22", "1 2 all"]);
  await eventually(frida.sessionId, ["1 2 all"]);
  // Its instance's list denies the network, its own does not deny all of it.
  expect(here.peers.get(emil.sessionId)?.destinations).toEqual(["10.4.0.0/16"]);
  expect(here.peers.get(frida.sessionId)?.destinations).toEqual([]);
  const explained = (user: string, to: string) =>
    ask<{ policy: string; rule: { id: string } | null }>("acl explain", { instance: there.id, user, to });
  expect(await explained("emil.test", "10.4.0.1:22")).toMatchObject({ policy: "accept", rule: { id: accepted.id } });
  expect(await explained("emil.test", "10.4.0.1:80")).toMatchObject({ policy: "drop", rule: { id: dropped.id } });
  expect(await explained("frida.test", "10.4.0.1:22")).toMatchObject({ policy: "drop", rule: { id: dropped.id } });

  // Those of an earlier version get both lists as one, in the same order, or none.
  for (const [can, port, rules] of [
    [["access_lists"], 51831, ["1 1 22", "1 2 all"]],
    [[], 51832, []],
  ] as const) {
    const former = await registerAccessPoint(server.running.url, server.ask, `former ${port}`, port, [...can]);
    await former.connect();
    await expect.poll(() => former.peers.has(emil.sessionId)).toBe(true);
    expect(rulesAt(former, emil.sessionId)).toEqual(rules);
    const priorities = former.peers.get(emil.sessionId)?.rules.map((rule) => rule.priority);
    expect(priorities).toEqual([...(priorities ?? [])].sort((a, b) => a - b));
    expect(former.peers.get(emil.sessionId)?.ruleListIds).toEqual([]);
    await former.disconnect();
  }

  expect(await ask("account show", { instance: there.id, user: "emil.test" })).toMatchObject({ acl: own.id });
  await expect(ask("acl delete", { acl: own.id })).rejects.toThrow("emil.test");
  await expect(ask("acl use", { acl: common.id, instance: there.id, user: "emil.test" })).rejects.toThrow(own.id);
  await expect(ask("acl unuse", { acl: common.id, instance: there.id, user: "emil.test" })).rejects.toThrow(common.id);
  await ask("acl unuse", { acl: own.id, instance: there.id, user: "emil.test" });
  await eventually(emil.sessionId, ["1 2 all"]);
  await ask("acl delete", { acl: own.id });
  for (const session of [emil, frida]) await session.api.hangUp({});
});

test("a rule with a name reaches access points that can enforce it, with the name servers that count", async () => {
  const there = await makeInstance(server, "10.93.0.0/24");
  await makeAccount(server, there.id, "hanna.test");
  await server.ask("route add", { instance: there.id, routes: ["10.4.0.0/16", "10.5.0.53/32"] });
  await server.ask("dns set", { instance: there.id, servers: ["10.5.0.53"], domains: ["corp.example"] });
  const acl = await ask("acl create", { name: "named", type: "acl-software", region });
  const rule = { ...ruleInput, policy: "accept", destCidr: "*.Corp.example", destPorts: "443/443", protocol: "TCP" };
  const { id } = await ask("acl add", { acl: acl.id, rule });
  const drop = await ask("acl add", { acl: acl.id, rule: { ...ruleInput, destCidr: "10.4.0.0/16", priority: 9 } });
  await ask("acl use", { acl: acl.id, instance: there.id });
  const hanna = await (await signIn(server, there.code, "hanna.test")).dial();
  expect(here.peers.get(hanna.sessionId)).toMatchObject({
    // The name may stand for addresses of the network whose other traffic is denied.
    destinations: ["10.4.0.0/16", "10.5.0.53/32"],
    resolvers: ["10.5.0.53"],
    rules: [
      { id, name: "*.corp.example", prefix: "0.0.0.0/0" },
      { id, name: "*.corp.example", prefix: "::/0" },
      { id: drop.id, name: "", prefix: "10.4.0.0/16" },
    ],
  });
  const explained = (more: object) =>
    ask<{ policy: string }>("acl explain", { instance: there.id, user: "hanna.test", to: "10.4.0.1:443", ...more });
  expect(await explained({})).toMatchObject({ policy: "drop", rule: { id: drop.id } });
  expect(await explained({ name: "DB.corp.example" })).toMatchObject({ policy: "accept", rule: { id } });
  expect(await explained({ name: "corp.example" })).toMatchObject({ policy: "drop" });

  const former = await registerAccessPoint(server.running.url, server.ask, "nameless", 51841, [
    "access_lists",
    "shared_access_lists",
  ]);
  await former.connect();
  await expect.poll(() => former.peers.get(hanna.sessionId)?.rules).toMatchObject([{ id: drop.id }]);
  await former.disconnect();

  for (const bad of [
    { destCidr: "corp" },
    { sourceCidr: "*.corp.example" },
    { direction: "in", destCidr: "*.corp.example" },
  ]) {
    await expect(ask("acl add", { acl: acl.id, rule: { ...ruleInput, ...bad } })).rejects.toThrow("prefix");
  }
  await hanna.api.hangUp({});
});

test("what rules decided and what was dropped is shown and a metric", async () => {
  const acl = await ask("acl create", { name: "counted", type: "acl-software", region });
  const { id } = await ask("acl add", { acl: acl.id, rule: ruleInput });
  const other = await ask("acl add", { acl: acl.id, rule: ruleInput });
  await here.reportDecided(
    [
      { ruleId: id, packets: 7n, bytes: 700n },
      { ruleId: '"} 1\nfalse{x="', packets: 1n },
    ],
    [
      { reason: DropCounters_Reason.UNCLEAR, packets: 3n, bytes: 90n },
      { reason: 99 as DropCounters_Reason, packets: 1n },
    ],
  );
  const { rows } = await ask<{ rows: object[] }>("acl rules", { acl: acl.id });
  expect(rows).toMatchObject([
    { id, packets: 7, bytes: 700 },
    { id: other.id, packets: 0, bytes: 0 },
  ]);
  const listed = await ask<{ id: string; drops: object }[]>("access-point list", {});
  expect(listed.find((one) => one.id === here.id)?.drops).toEqual({ unclear: { packets: 3, bytes: 90 } });
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath: join(server.directory, "admin.sock"), path: "/metrics" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part) => {
        body += part;
      });
      response.on("end", () => resolve(body));
    });
    sent.on("error", reject).end();
  });
  expect(text).toContain(`sag_acl_rule_packets_total{rule="${id}"} 7\n`);
  expect(text).toContain(`sag_acl_rule_bytes_total{rule="${id}"} 700\n`);
  expect(text).toContain(`sag_dropped_packets_total{access_point="${here.id}",reason="unclear"} 3\n`);
  expect(text).not.toContain("false{");
});

test("a list is sent once for all peers of a message", async () => {
  const many = await makeInstance(server, "10.92.0.0/24");
  const acl = await ask("acl create", { name: "long", type: "acl-software", region });
  for (let port = 1; port <= 40; port++) {
    await ask("acl add", { acl: acl.id, rule: { ...ruleInput, protocol: "TCP", destPorts: `${port}/${port}` } });
  }
  await ask("acl use", { acl: acl.id, instance: many.id });
  await makeAccount(server, many.id, "gesa.test");
  for (let i = 0; i < 3; i++) await (await signIn(server, many.code, "gesa.test")).dial();
  await here.disconnect();
  here.messages.length = 0;
  await here.connect();
  const { change } = here.messages[0] ?? {};
  if (change?.case !== "snapshot") throw new Error("no snapshot");
  const peers = change.value.peers.filter((peer) => peer.ruleListIds.length === 1 && peer.rules.length === 40);
  expect(peers).toHaveLength(3);
  expect(change.value.ruleLists.filter((list) => list.rules.length === 40)).toHaveLength(1);
});

test("acl explain names the rule that decides", async () => {
  const there = await makeInstance(server, "10.89.0.0/24");
  await makeAccount(server, there.id, "carla.test", { clientIp: "10.89.0.7" });
  await server.ask("route add", { instance: there.id, routes: ["10.4.0.0/16", "fd10::/64"] });
  const explained = (to: string, more: object = {}) =>
    ask<Explanation>("acl explain", {
      instance: there.id,
      user: "carla.test",
      to,
      ...more,
    });
  expect(await explained("10.4.0.1:22")).toEqual({
    ...{ policy: "accept", reason: "no_list", rule: null, list: null },
    clients: ["10.89.0.7/32"],
  });
  const acl = await ask("acl create", { name: "explained", type: "acl-software", region });
  const ssh = { ...ruleInput, protocol: "SSH", destCidr: "10.4.0.0/24", sourceCidr: "10.89.0.0/28" };
  const { id } = await ask("acl add", { acl: acl.id, rule: ssh });
  await ask("acl add", {
    acl: acl.id,
    rule: { ...ruleInput, policy: "accept", destCidr: "10.9.0.0/16", priority: 2 },
  });
  await ask("acl use", { acl: acl.id, instance: there.id });
  expect(await explained("10.4.0.1:22")).toMatchObject({
    ...{ policy: "drop", reason: "rule", rule: { id }, list: { id: acl.id, name: "explained" } },
  });
  expect(await explained("10.4.0.1:23")).toMatchObject({ policy: "accept", reason: "no_rule", rule: null });
  expect(await explained("[fd10::1]:22")).toMatchObject({ policy: "accept", reason: "no_rule" });
  expect(await explained("10.4.0.1", { protocol: "ICMP" })).toMatchObject({ policy: "accept", reason: "no_rule" });
  expect(await explained("10.9.0.1:22")).toMatchObject({
    ...{ policy: "drop", reason: "no_route", rule: null, list: null },
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
