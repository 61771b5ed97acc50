import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { killAll, run } from "../testing/process.ts";
import { startServer, type TestServer } from "../testing/server.ts";

/** The verbs of sagctl for QoS policies and flow logs. */
let server: TestServer;
let instance = "";
beforeAll(async () => {
  server = await startServer();
  const made = await server.ask("instance create", { name: "Shaped", cidrs: ["10.88.0.0/24"] });
  instance = (made as { id: string }).id;
});
afterAll(async () => {
  killAll();
  await server.close();
});
// Each command starts a process, which is slow on a busy host.
vi.setConfig({ testTimeout: 120_000 });

type Fields = Record<string, unknown>;
const spoken = (...args: string[]) => run("ctl/main.ts", ["--data", server.directory, ...args]);
async function told(...args: string[]): Promise<Fields> {
  const { code, stdout, stderr } = await spoken(...args, "--json");
  expect([code, stderr], stdout).toEqual([0, ""]);
  return JSON.parse(stdout) as Fields;
}
const idOf = async (...args: string[]) => String((await told(...args)).id);
const rows = async (...args: string[]) => (await told(...args)) as unknown as Fields[];
const newQos = async () =>
  String(((await server.ask("qos create", { name: "calls", region: "cn-shanghai" })) as Fields).id);

test("manages the throttling rules of a QoS policy", async () => {
  const qos = await newQos();
  const bandwidth = ["--min-mbit", "2", "--max-mbit", "6"];
  const car = await idOf("qos", "add-car", qos, "--priority", "1", ...bandwidth, "--name", "calls");
  await told("qos", "add-car", qos, "--priority", "2", "--min-percent", "10", "--max-percent", "90");
  expect(await rows("qos", "cars", qos)).toMatchObject([
    { id: car, limitType: "Absolute", minAbs: 2, maxAbs: 6, minPercent: null },
    { limitType: "Percent", minPercent: 10, maxPercent: 90, percentSource: "CcnBandwidth" },
  ]);
  await told("qos", "set-car", qos, car, "--max-mbit", "8");
  expect((await spoken("qos", "cars", qos)).stdout).toMatch(
    /^PRIORITY +NAME +ID +TYPE +MINIMUM +MAXIMUM +OF *\n1 +calls +\S+ +Absolute +2 Mbit\/s +8 Mbit\/s *\n.* 10 % +90 % +CcnBandwidth/,
  );
  const both = await spoken("qos", "add-car", qos, "--priority", "3", ...bandwidth, "--min-percent", "1", "--json");
  expect([both.code, JSON.parse(both.stdout)]).toMatchObject([2, { cause: "invalid_argument" }]);
  await told("qos", "remove-car", qos, car);
  expect(await rows("qos", "cars", qos)).toHaveLength(1);
});

test("manages a QoS policy, its classification rules and its instance", async () => {
  const qos = await idOf("qos", "create", "voice", "--description", "Calls come first");
  await told("qos", "set", qos, "--name", "voice-and-video");
  const absolute = { priority: 1, limitType: "Absolute", minAbs: 2, maxAbs: 8 };
  const { id: car } = (await server.ask("qos add-car", { qos, car: absolute })) as Fields;
  const tuple = ["--protocol", "UDP", "--dest-ports", "5004/5005", "--start", "2026-01-01T00:00:00Z"];
  const policy = await idOf("qos", "add-policy", qos, "--priority", "1", ...tuple);
  await told("qos", "set-policy", qos, policy, "--dest", "10.9.0.0/16", "--start", "");
  expect(await rows("qos", "policies", qos)).toMatchObject([
    { id: policy, protocol: "UDP", destCidr: "10.9.0.0/16", destPorts: "5004/5005", startTime: "" },
  ]);
  expect((await spoken("qos", "classes", instance)).stdout).toBe("None.\n");
  await told("qos", "use", qos, instance);
  expect(await rows("qos", "list")).toContainEqual(
    expect.objectContaining({ id: qos, name: "voice-and-video", instances: [instance] }),
  );
  expect(await told("qos", "classes", instance)).toMatchObject({
    qosId: qos,
    changesAt: null,
    classes: [{ id: car, limit: { type: "Absolute", min: 2, max: 8 }, rules: [{ id: policy }] }],
  });
  expect((await spoken("qos", "classes", instance)).stdout).toMatch(/^PRIORITY +NAME +ID .* RULES\n.* 1\n$/);
  expect((await spoken("qos", "statistics", instance)).stdout).toBe("None.\n");
  await told("qos", "remove-policy", qos, policy);
  const used = await spoken("qos", "delete", qos);
  expect([used.code, used.stderr]).toEqual([2, expect.stringContaining(`${qos} is in use by ${instance}`)]);
  await told("qos", "unuse", qos, instance);
  await told("qos", "delete", qos);
  const again = await spoken("qos", "delete", qos);
  expect([again.code, again.stderr]).toEqual([78, expect.stringContaining("sagctl qos list")]);
});

test("manages a flow log and its instance", async () => {
  const log = await idOf("flow-log", "create", "--name", "flows", "--collector", "10.9.9.9", "--port", "2055");
  await told("flow-log", "set", log, "--netflow-version", "V10", "--active-aging", "60");
  expect(await rows("flow-log", "list")).toMatchObject([
    { id: log, active: true, outputType: "netflow", netflowVersion: "V10", activeAging: 60, instances: 0 },
  ]);
  expect((await spoken("flow-log", "list")).stdout).toMatch(/^NAME +ID +REGION +ACTIVE +OUTPUT +COLLECTOR +PORT/);
  expect(await rows("flow-log", "candidates")).toMatchObject([{ id: instance, name: "Shaped" }]);
  await told("flow-log", "use", log, instance);
  expect(await rows("flow-log", "instances", log)).toMatchObject([{ id: instance, name: "Shaped" }]);
  expect(await rows("flow-log", "of", instance)).toMatchObject([{ id: log, netflowServerIp: "10.9.9.9" }]);
  await told("flow-log", "stop", log);
  expect((await spoken("flow-log", "of", instance)).stdout).toBe("None.\n");
  await told("flow-log", "start", log);
  await told("flow-log", "unuse", log, instance);
  await told("flow-log", "delete", log);
});

test("sets the bandwidth of an instance", async () => {
  const [set, show] = [
    ["policy", "set", "--instance", instance, "--bandwidth"],
    ["policy", "show", "--instance", instance],
  ];
  expect((await spoken(...show)).stdout).toMatch(/^bandwidth +no limit$/im);
  await told(...set, "20");
  expect((await spoken(...show)).stdout).toMatch(/^bandwidth +20 Mbit\/s$/im);
  const above = await spoken(...set, "10001", "--json");
  expect([above.code, JSON.parse(above.stdout)]).toMatchObject([2, { cause: "invalid_argument" }]);
  await told(...set, "0");
});
