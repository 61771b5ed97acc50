import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { Migrator, query } from "./store/kysely.ts";
import { migrations } from "./store/migrations/index.ts";
import { migrate, openStore } from "./store/open.ts";
import { closeStore } from "./store/transaction.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance } = await startCompany();
const mailedCodes = (data: string) =>
  readdirSync(join(data, "outbox"))
    .filter((name) => name.endsWith(".eml"))
    .filter((name) => readFileSync(join(data, "outbox", name), "utf8").includes("Subject: Your code")).length;
afterAll(() => server.close());

test("user names are case-insensitive for signing in, for sagctl and when an account is created", async () => {
  await makeAccount(server, instance.id, "Anna.Meyer");
  for (const name of ["Anna.Meyer", "anna.meyer", "ANNA.MEYER"]) {
    const { signedIn } = await signIn(server, instance.code, name);
    expect(signedIn?.userName).toBe("Anna.Meyer");
    await expect(server.ask("account show", { instance: instance.id, user: name })).resolves.toMatchObject({
      userName: "Anna.Meyer",
    });
    await expect(makeAccount(server, instance.id, name)).rejects.toMatchObject({ code: "already_exists" });
  }
});

test("failed attempts count for the name in any case", async () => {
  await makeAccount(server, instance.id, "Bruno.Test");
  const names = ["bruno.test", "BRUNO.TEST", "Bruno.test", "bRuno.test", "brUno.test"];
  for (const name of names) {
    expect((await refusal(signIn(server, instance.code, name, undefined, "wrong-password"))).word).toBe(
      "bad_credentials",
    );
  }
  expect((await refusal(signIn(server, instance.code, "bruNo.test"))).word).toBe("too_many_attempts");
});

test("a code for a forgotten password works with the name in any case", async () => {
  await makeAccount(server, instance.id, "Carla.Test");
  const { client } = clientsOf(server.running.url);
  const who = (userName: string) => ({ enterpriseCode: instance.code, userName, deviceId: "0".repeat(32) });
  await client.forgotPassword(who("carla.test"));
  // A second code within a minute for the same device is not sent.
  await client.forgotPassword(who("CARLA.TEST"));
  const sent = () => server.lines.filter(({ message }) => message.includes("password reset code queued"));
  await expect.poll(() => sent().length).toBe(1);
});

test("ignores blanks around user names when signing in, requesting a code, showing and creating", async () => {
  await makeAccount(server, instance.id, " Dora.Test\u00a0");
  const { client } = clientsOf(server.running.url);
  for (const name of ["Dora.Test", " dora.test", "Dora.Test ", "\tDora.Test\u00a0", "\u200bdora.test\ufeff"]) {
    const { signedIn } = await signIn(server, instance.code, name);
    expect(signedIn?.userName).toBe("Dora.Test");
    await expect(server.ask("account show", { instance: instance.id, user: name })).resolves.toMatchObject({
      userName: "Dora.Test",
    });
    await expect(makeAccount(server, instance.id, name)).rejects.toMatchObject({ code: "already_exists" });
  }
  const device = newDevice();
  const who = { enterpriseCode: instance.code, userName: "  dora.test ", deviceId: device.id };
  await client.forgotPassword(who);
  await expect.poll(() => mailedCodes(server.directory)).toBe(2);
  expect((await refusal(signIn(server, instance.code, "Dora Test"))).word).toBe("bad_credentials");
  const rows = [{ line: 2, user: "  Emil.Test ", mail: "emil@example.com" }];
  await server.ask("account import", { instance: instance.id, rows, dryRun: false });
  await expect(server.ask("account show", { instance: instance.id, user: "emil.test" })).resolves.toMatchObject({
    userName: "Emil.Test",
  });
});

test("names of older versions that differ only in case keep working, each for its own account", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sag-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const store = openStore(directory);
  onTestFinished(() => closeStore(store));
  const former = {
    getMigrations: async () =>
      Object.fromEntries(Object.entries(await migrations.getMigrations()).filter(([name]) => name < "0005")),
  };
  const { error } = await new Migrator({ db: query(store), provider: former }).migrateToLatest();
  if (error) throw error;
  await query(store)
    .insertInto("tenant")
    .values({ id: "t", uid: 1, name: "t", is_default: 1, created_at: 0 })
    .execute();
  await query(store)
    .insertInto("enterprise_code")
    .values({ code: "C", tenant_id: "t", is_default: 1, created_at: 0 })
    .execute();
  const ccn = { id: "ccn", tenant_id: "t", name: "c", is_default: 1, created_at: 0 };
  await query(store)
    .insertInto("ccn")
    .values(ccn as never)
    .execute();
  const policy = { full_tunnel: 0, lockdown: 0, lease_seconds: 1, sign_in_seconds: 1, devices_per_account: 1 };
  await query(store)
    .insertInto("instance")
    .values({ id: "i", tenant_id: "t", name: "i", enterprise_code: "C", ccn_id: "ccn", ...policy, created_at: 0 })
    .execute();
  for (const [id, user_name, created_at] of [
    ["1", "Anna.Meyer", 1],
    ["2", "anna.meyer", 2],
    ["3", "ANNA.MEYER", 3],
    ["4", "Bruno.Test", 4],
  ] as const) {
    const rest = { instance_id: "i", mail: "a@b", password_hash: "", must_change: 0, disabled: 0, bandwidth: 0 };
    const row = { id, user_name, created_at, client_ip: null, ...rest };
    await query(store)
      .insertInto("account")
      .values(row as never)
      .execute();
  }
  await migrate(store, directory);
  const rows = await query(store).selectFrom("account").select(["id", "name_key"]).orderBy("id").execute();
  expect(Object.fromEntries(rows.map((row) => [row.id, row.name_key]))).toEqual({
    1: "Anna.Meyer",
    2: "anna.meyer",
    3: "ANNA.MEYER",
    4: "bruno.test",
  });
});
