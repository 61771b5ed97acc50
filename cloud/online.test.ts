import { afterAll, expect, test } from "vitest";
import { startCompany } from "./testing/company.ts";
import { signIn } from "./testing/person.ts";

const { server, instance, here } = await startCompany("anna.test", "berta.test", "carla.test");
afterAll(() => server.close());

const online = async () => {
  const rows = (await server.ask("account session-count", { instance: instance.id })) as {
    user: string;
    online: number;
  }[];
  const users = rows.filter((row) => row.online > 0).map((row) => row.user);
  const [{ online: sum } = { online: -1 }] = (await server.ask("session count", {
    region: "cn-shanghai",
    instances: [instance.id],
  })) as { online: number }[];
  expect(sum).toBe(users.length);
  return users;
};

test("a client is online for three minutes after its last handshake", async () => {
  const dialled = async (user: string) => (await (await signIn(server, instance.code, user)).dial()).sessionId;
  const [anna, berta] = [await dialled("anna.test"), await dialled("berta.test")];
  await dialled("carla.test");
  // Nobody reports on carla.
  await here.report(anna, 1n, 1n, 5);
  await here.report(berta, 0n, 0n);
  expect(await online()).toEqual(["anna.test", "berta.test", "carla.test"]);
  server.clock.advance(170_000);
  await here.report(anna, 2n, 2n, 100);
  await here.report(berta, 0n, 0n);
  server.clock.advance(20_000);
  expect(await online()).toEqual(["anna.test", "carla.test"]);
  server.clock.advance(100_000);
  // A report of an access point that the client does not use changes nothing.
  await here.report(anna, 2n, 2n);
  expect(await online()).toEqual(["carla.test"]);
  const sessions = (user: string) => server.ask("account sessions", { instance: instance.id, user });
  expect(await sessions("anna.test")).toEqual([]);
  expect(await sessions("carla.test")).toHaveLength(1);
  await here.report(anna, 3n, 3n, 1);
  expect(await online()).toEqual(["anna.test", "carla.test"]);
});
