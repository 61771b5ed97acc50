import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { Rule_Direction, Rule_Protocol } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { startCompany } from "./testing/company.ts";
import { makeAccount, makeInstance, signIn } from "./testing/person.ts";

const { server, instance, here } = await startCompany("anna.test");
afterAll(() => server.close());

const ask = <T = { id: string }>(name: string, input: Record<string, unknown>) => server.ask(name, input) as Promise<T>;
const region = "cn-shanghai";
const mbit = 1_000_000n;

const car = (priority: number, more: object = { limitType: "Absolute", minAbs: 4, maxAbs: 12 }) => ({
  priority,
  ...more,
});
const rule = (priority: number, more: object = {}) => ({
  ...{ priority, protocol: "TCP", sourceCidr: "0.0.0.0/0", destCidr: "10.0.0.0/8", sourcePorts: "-1/-1" },
  ...{ destPorts: "443/443", ...more },
});

/** The metrics, read at the local socket. */
const metricsOf = (directory: string) =>
  new Promise<string>((resolve, reject) => {
    const sent = request({ socketPath: join(directory, "admin.sock"), path: "/metrics" }, (response) => {
      text(response).then(resolve, reject);
    });
    sent.on("error", reject);
    sent.end();
  });

/** Waits until the access point has these limits of an instance; at most 2 s. */
const eventually = (id: string, limits: object) =>
  expect.poll(() => here.instances.get(id), { timeout: 2_000, interval: 20 }).toMatchObject(limits);

test("bandwidth and classes reach the access points of running sessions within 2 s", async () => {
  const { id } = instance;
  await (await signIn(server, instance.code, "anna.test")).dial();
  await eventually(id, { bandwidth: 0n, classes: [] });
  await ask("policy set", { instance: id, change: { bandwidth: 20 } });
  await eventually(id, { bandwidth: 20n * mbit, classes: [] });
  const { id: qos } = await ask("qos create", { name: "shared", region });
  const { id: first } = await ask("qos add-car", { qos, car: car(2) });
  const percent = { limitType: "Percent", minPercent: 25, maxPercent: 100 };
  const { id: second } = await ask("qos add-car", { qos, car: car(1, percent) });
  await ask("qos add-policy", { qos, rule: rule(2) });
  const tuple = { protocol: "ALL", sourceCidr: "10.90.0.0/24", destPorts: "-1/-1" };
  const { id: policy } = await ask("qos add-policy", { qos, rule: rule(1, tuple) });
  await ask("qos add-policy", { qos, rule: rule(1, { dpiGroupIds: '["7"]' }) });
  await ask("qos use", { qos, instance: id });
  const classes = [
    {
      ...{ id: second, rate: 5n * mbit, ceiling: 20n * mbit },
      policies: [{ protocol: Rule_Protocol.UNSPECIFIED, source: "10.90.0.0/24", destination: "10.0.0.0/8" }],
    },
    {
      ...{ id: first, rate: 4n * mbit, ceiling: 12n * mbit },
      policies: [{ protocol: Rule_Protocol.TCP, destinationPorts: { first: 443, last: 443 } }],
    },
  ];
  await eventually(id, { bandwidth: 20n * mbit, classes });
  expect(here.instances.get(id)?.classes[0]?.policies[0]?.destinationPorts, "all ports").toBeUndefined();
  await ask("policy set", { instance: id, change: { bandwidth: 40 } });
  await eventually(id, { bandwidth: 40n * mbit, classes: [{ rate: 10n * mbit, ceiling: 40n * mbit }, {}] });
  await ask("qos set-car", { qos, id: first, car: { maxAbs: 8 } });
  await eventually(id, { classes: [{}, { ceiling: 8n * mbit }] });
  await ask("qos remove-policy", { qos, id: policy });
  await eventually(id, { classes: [{ policies: [] }, {}] });

  // An access point that connects later gets the same, and a session of another instance has no limits.
  await here.disconnect();
  here.instances.clear();
  await here.connect();
  await eventually(id, { bandwidth: 40n * mbit, classes: [{ id: second }, { id: first }] });
  const other = await makeInstance(server, "10.88.0.0/24");
  await makeAccount(server, other.id, "bruno.test");
  await (await signIn(server, other.code, "bruno.test")).dial();
  await eventually(other.id, { bandwidth: 0n, classes: [] });
  await ask("qos unuse", { qos, instance: id });
  await ask("policy set", { instance: id, change: { bandwidth: 0 } });
  await eventually(id, { bandwidth: 0n, classes: [] });
});

test("limits that change while nobody is connected apply to the next session", async () => {
  const { id, code } = await makeInstance(server, "10.89.0.0/24");
  await makeAccount(server, id, "carla.test");
  const session = await (await signIn(server, code, "carla.test")).dial();
  await eventually(id, { bandwidth: 0n });
  await session.api.hangUp({});
  await ask("policy set", { instance: id, change: { bandwidth: 7 } });
  await (await signIn(server, code, "carla.test")).dial();
  await eventually(id, { bandwidth: 7n * mbit });
});

test("classification rules begin and cease to apply at their times", async () => {
  const { id, code } = await makeInstance(server, "10.91.0.0/24");
  await makeAccount(server, id, "dora.test");
  await (await signIn(server, code, "dora.test")).dial();
  const { id: qos } = await ask("qos create", { name: "hours", region });
  await ask("qos add-car", { qos, car: car(1) });
  const time = (inMs: number) => new Date(server.clock.now() + inMs).toISOString().replace(/\.\d+Z$/, "Z");
  const hour = 3_600_000;
  await ask("qos add-policy", { qos, rule: rule(1, { startTime: time(hour), endTime: time(2 * hour) }) });
  await ask("qos use", { qos, instance: id });
  await eventually(id, { classes: [{ policies: [] }] });
  for (const want of [1, 0]) {
    server.clock.advance(hour);
    await expect.poll(() => here.instances.get(id)?.classes[0]?.policies.length, { timeout: 2_000 }).toBe(want);
  }
});

test("counters of classes are in the metrics and in sagctl", async () => {
  const { id, code } = await makeInstance(server, "10.92.0.0/24");
  await makeAccount(server, id, "emil.test");
  const { id: qos } = await ask("qos create", { name: "counted", region });
  const { id: classId } = await ask("qos add-car", {
    qos,
    car: car(1, { limitType: "Absolute", minAbs: 1, maxAbs: 2, name: "calls" }),
  });
  await ask("qos use", { qos, instance: id });
  await (await signIn(server, code, "emil.test")).dial();
  await eventually(id, { classes: [{ id: classId }] });
  const counters = { instanceId: id, classId, direction: Rule_Direction.TO_CLIENT, packets: 7n, bytes: 700n };
  const dropped = { droppedFull: 1n, droppedMemory: 2n, droppedDelay: 3n };
  const none = { ...counters, classId: "", direction: Rule_Direction.FROM_CLIENT, packets: 9n };
  await here.reportClasses([{ ...counters, ...dropped }, none, { ...counters, classId: "gone" }]);
  expect(await ask("qos statistics", { instance: id })).toEqual({
    rows: [
      {
        ...{ id: classId, name: "calls", direction: "down", packets: 7, bytes: 700 },
        ...{ droppedFull: 1, droppedMemory: 2, droppedDelay: 3 },
      },
      {
        ...{ id: "", name: "", direction: "up", packets: 9, bytes: 700 },
        ...{ droppedFull: 0, droppedMemory: 0, droppedDelay: 0 },
      },
    ],
  });
  const labels = `access_point="${here.id}",instance="${id}",class="${classId}",direction="down"`;
  const metrics = await metricsOf(server.directory);
  expect(metrics).toContain(`sag_class_packets_total{${labels}} 7\n`);
  expect(metrics).toContain(`sag_class_bytes_total{${labels}} 700\n`);
  expect(metrics).toContain(`sag_class_dropped_packets_total{${labels},reason="delay"} 3\n`);
  expect(metrics).toContain(`instance="${id}",class="none",direction="up"} 9\n`);
  expect(metrics).not.toContain('class="gone"');
});
