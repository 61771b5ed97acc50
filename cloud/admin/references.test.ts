import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
const region = "cn-shanghai";
beforeAll(async () => {
  server = await startServer();
  await server.ask("instance create", { name: "Trial", cidrs: ["10.86.0.0/24"] });
  await server.ask("acl create", { name: "guests", type: "acl-software", region });
  await server.ask("ccn create", {
    ...{ name: "wide", description: "", region, cidrBlock: "", snatCidrBlock: "", markedDefault: false },
  });
  await server.ask("cen create", { name: "backbone", description: "", protectionLevel: "REDUCED", tags: [] });
  await server.ask("network create", { name: "servers", cidrs: ["10.90.0.0/16"], region, accessPoints: [] });
  await server.ask("qos create", { name: "voice", region });
  await server.ask("flow-log create", {
    name: "flows",
    region,
    outputType: "sls",
    slsRegion: region,
    projectName: "project",
    logstoreName: "store",
  });
});
afterAll(() => server.close());

test.each([
  ["instance lock", { instance: "Trial" }],
  ["instance unlock", { instance: "Trial" }],
  ["instance hops", { instance: "Trial" }],
  ["acl use", { acl: "guests", instance: "Trial" }],
  ["acl rules", { acl: "guests" }],
  ["acl unuse", { acl: "guests", instance: "Trial" }],
  ["qos use", { qos: "voice", instance: "Trial" }],
  ["qos cars", { qos: "voice" }],
  ["qos unuse", { qos: "voice", instance: "Trial" }],
  ["flow-log use", { flowLog: "flows", instance: "Trial" }],
  ["flow-log instances", { flowLog: "flows" }],
  ["flow-log unuse", { flowLog: "flows", instance: "Trial" }],
  ["ccn attach", { ccn: "wide", cen: "backbone", subnet: "" }],
  ["cen attach", { cen: "backbone", child: "servers", type: "VPC", region }],
  ["cen children", { cen: "backbone" }],
  ["cen detach", { cen: "backbone", child: "servers", type: "VPC" }],
  ["ccn detach", { ccn: "wide", cen: "backbone" }],
  ["ccn unbind", { ccn: "default", instance: "Trial" }],
  ["ccn bind", { ccn: "wide", instance: "Trial" }],
  ["network set", { network: "servers", name: "computers" }],
  ["acl delete", { acl: "guests" }],
] as const)("%s takes names", async (command, input) => {
  await expect(server.ask(command, input)).resolves.toBeDefined();
});

test("a name that several objects have is refused with their ids, and an id is none", async () => {
  const create = () => server.ask("acl create", { name: "twice", type: "acl-software", region });
  const ids = [((await create()) as { id: string }).id, ((await create()) as { id: string }).id].sort();
  await expect(server.ask("acl rules", { acl: "twice" })).rejects.toThrow(
    `Several objects are called twice: ${ids.join(", ")}.`,
  );
  // The id of one is the name of another.
  await server.ask("acl create", { name: ids[0], type: "acl-software", region });
  await server.ask("acl delete", { acl: ids[0] });
  await expect(server.ask("acl rules", { acl: "twice" })).resolves.toMatchObject({ rows: [] });
  await expect(server.ask("acl rules", { acl: "nowhere" })).rejects.toThrow("nowhere");
});

test("objects of other product accounts are not found by name", async () => {
  await server.ask("tenant create", { name: "neighbour" });
  await server.ask("qos create", { name: "theirs", region }, "neighbour");
  await expect(server.ask("qos cars", { qos: "theirs" })).rejects.toThrow("theirs");
  await expect(server.ask("qos cars", { qos: "theirs" }, "neighbour")).resolves.toBeDefined();
});
