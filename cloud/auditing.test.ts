import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditView } from "./domain/audit.ts";
import { query, sql } from "./store/kysely.ts";
import { openStore } from "./store/open.ts";
import { closeStore } from "./store/transaction.ts";
import { startServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let instance: { id: string };
let token: { id: string };
const account = { user: "anna.test", mail: "a@example.com", mustChange: false, password: "correct-horse" };
beforeAll(async () => {
  server = await startServer();
  instance = (await server.ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24", "10.89.0.0/24"] })) as {
    id: string;
  };
  await server.ask("account create", account);
  await server.ask("resource add", { name: "Wiki", address: "https://wiki.example" });
  await server.ask("route add", { routes: ["10.0.0.0/16"] });
  token = (await server.ask("access-point token create", { uses: 1, lifetimeSeconds: 60 })) as { id: string };
});
afterAll(() => server.close());

test("a change that cannot be audited is not made", async () => {
  const tokens = async () =>
    ((await server.ask("access-point token list", {})) as { id: string }[]).map(({ id }) => id);
  const state = async () => [
    await server.ask("instance list", {}),
    await server.ask("account list", {}),
    await tokens(),
  ];
  const before = await state();
  const store = openStore(server.directory);
  await sql`create trigger full before insert on audit begin select raise(abort, 'no room'); end`.execute(query(store));
  const user = account.user;
  const changes: [string, object][] = [
    ["instance create", { name: "Fabrikam", cidrs: ["10.87.0.0/24"] }],
    ["instance delete", { instance: instance.id, force: true }],
    ["cidr add", { cidr: "10.88.0.0/24" }],
    ["cidr remove", { cidr: "10.86.0.0/24" }],
    ["route add", { routes: ["10.1.0.0/16"] }],
    ["route remove", { route: "10.0.0.0/16" }],
    ["dns set", { servers: ["10.0.0.53"], domains: [] }],
    ["resource add", { name: "Portal", address: "https://portal.example" }],
    ["resource set", { name: "Wiki", address: "https://other.example" }],
    ["resource remove", { name: "Wiki" }],
    ["policy set", { change: { devicesPerAccount: 1 } }],
    ["account create", { ...account, user: "berta.test" }],
    ["account set", { user, bandwidth: 500, mail: "new@example.com", clientIp: "" }],
    ["account disable", { user }],
    ["account reset-password", { user, password: "another-horse", mustChange: true }],
    ["account kick", { user, reason: "" }],
    ["account delete", { user }],
    ["access-point token create", { uses: 1, lifetimeSeconds: 60 }],
    ["access-point token remove", { id: token.id }],
  ];
  for (const [operation, parameters] of changes) {
    await expect(server.ask(operation, parameters as Record<string, unknown>), operation).rejects.toThrow();
  }
  await sql`drop trigger full`.execute(query(store));
  await closeStore(store);
  expect(await state()).toEqual(before);
});

test("a change is audited once: actor, action, and values before and after", async () => {
  await server.ask("account disable", { user: account.user });
  const [last, former] = (await server.ask("audit list", { limit: 2 })) as Record<string, unknown>[];
  expect(last).toMatchObject({ action: "account disable", before: { disabled: false }, after: { disabled: true } });
  expect(last?.actor).toMatch(/^local:/);
  expect(former?.action).toBe("access-point token create");
});

test("a target has its present name, or the recorded one after its deletion", async () => {
  const target = async (action: string) => {
    const [row] = (await server.ask("audit list", { limit: 1, action })) as AuditView[];
    return [row?.target, row?.targetName];
  };
  await server.ask("instance lock", { instance: instance.id });
  expect(await target("instance lock")).toEqual([instance.id, "Contoso"]);
  await server.ask("instance unlock", { instance: instance.id });
  const { id } = (await server.ask("acl create", { region: "eu-central-1", name: "Staff", type: "acl-software" })) as {
    id: string;
  };
  await server.ask("acl rename", { acl: id, name: "Employees" });
  expect(await target("acl create")).toEqual([id, "Employees"]);
  await server.ask("acl delete", { acl: id });
  expect(await target("acl delete")).toEqual([id, "Employees"]);
  expect(await target("acl create")).toEqual([id, "Staff"]);
  expect(await target("access-point token create")).toEqual([expect.stringMatching(/^tok-/), ""]);
});
