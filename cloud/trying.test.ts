import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeEach, expect, test } from "vitest";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, newKey, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

// What unauthenticated clients can find out, block or fill up by trying.

const { server, instance } = await startCompany("anna.test");
afterAll(() => server.close());
beforeEach(() => server.clock.advance(2 * 3_600_000));

const { client } = clientsOf(server.running.url);
const code = instance.code;
const discover = (enterpriseCode = code) => client.discover({ hello, enterpriseCode });
const guess = (user: string, password = "wrong-password") =>
  refusal(signIn(server, code, user, newDevice(), password)).then(({ word }) => word);

test("later refusals do not reveal whether a name exists", async () => {
  const outcomes: string[][] = [];
  for (const last of ["anna.test", "no-such.test"]) {
    server.clock.advance(2 * 3_600_000);
    const words: string[] = [];
    for (let i = 0; i < 19; i++) words.push(await guess(`invented.${i}`));
    words.push(await guess(last));
    words.push(
      await discover().then(
        () => "found",
        () => "refused",
      ),
    );
    words.push(
      await discover("00000").then(
        () => "found",
        () => "refused",
      ),
    );
    words.push(await guess(last));
    outcomes.push(words);
  }
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]).toContain("found");
}, 30_000);

test("twenty wrong names do not lock out others", async () => {
  for (let i = 0; i < 20; i++) expect(await guess(`invented.${i}`)).toBe("bad_credentials");
  await discover();
  await signIn(server, code, "anna.test", newDevice());
}, 30_000);

test("limits password spraying from one address", async () => {
  // Sixty existing accounts: copies of the first one.
  const db = new DatabaseSync(`${server.directory}/cloud.db`);
  const columns = (db.prepare("select * from pragma_table_info('account')").all() as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => !["id", "user_name", "name_key"].includes(name));
  const copy = db.prepare(
    `insert into account (id, user_name, name_key, ${columns}) select ?, ?, ?, ${columns} from account where user_name = 'anna.test'`,
  );
  for (let i = 0; i < 60; i++) copy.run(`acc-person${i}`, `person.${i}`, `person.${i}`);
  db.close();
  const known = newDevice("known");
  await signIn(server, code, "anna.test", known);
  let refused = 0;
  for (const password of ["summer-2026", "winter-2026", "password-1", "letmein-now"]) {
    for (let i = 0; i < 60; i++) if ((await guess(`person.${i}`, password)) === "too_many_attempts") refused++;
  }
  expect(refused).toBeGreaterThan(100);
  // A known device is not affected.
  await signIn(server, code, "anna.test", known);
}, 60_000);

test("requests of others do not suppress the mail for a forgotten password", async () => {
  await makeAccount(server, instance.id, "berta.test");
  const sent = () => server.lines.filter(({ message }) => message.includes("password reset code queued")).length;
  const forget = () =>
    client.forgotPassword({ enterpriseCode: code, userName: "berta.test", deviceId: newDevice().id });
  const before = sent();
  for (let i = 0; i < 3; i++) await forget();
  // The owner's own request, from an unknown device.
  await forget();
  expect(sent()).toBe(before + 4);
  await forget();
  // Excess requests are refused with a waiting time, never accepted without sending the mail.
  const failure = await refusal(forget());
  expect(failure.word).toBe("too_many_attempts");
  expect(failure.retryAfter).toBeDefined();
  expect(sent()).toBe(before + 5);
});

test("slows down a device that keeps dialling, but not another one", async () => {
  await makeAccount(server, instance.id, "carla.test");
  const mad = await signIn(server, code, "carla.test", newDevice("mad"));
  for (let i = 0; i < 60; i++) await mad.dial(newKey());
  const failure = await refusal(mad.dial(newKey()));
  expect(failure.word).toBe("too_many_attempts");
  const other = await signIn(server, code, "carla.test", newDevice("other"));
  await other.dial(newKey());
  server.clock.advance(2_000);
  await mad.dial(newKey());
}, 30_000);

test("limits what is kept of ended sessions and sign-ins per account", async () => {
  const { id } = await makeAccount(server, instance.id, "dora.test");
  const dora = await signIn(server, code, "dora.test", newDevice());
  await dora.dial();
  const db = new DatabaseSync(`${server.directory}/cloud.db`);
  // As after a month of this.
  const columns = (db.prepare("select * from pragma_table_info('session')").all() as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => !["id", "token_hash", "ended_at"].includes(name));
  const copy = db.prepare(
    `insert into session (id, token_hash, ended_at, ${columns}) select ?, ?, ?, ${columns} from session where account_id = ? limit 1`,
  );
  db.exec("begin");
  for (let i = 0; i < 3_000; i++) copy.run(`old${i}`, `old${i}`, server.clock.now() - 2 * 86_400_000 - i, id);
  db.exec("commit");
  server.clock.advance(2 * 3_600_000);
  const count = db.prepare("select count(*) n from session where account_id = ? and ended_at is not null");
  await expect.poll(() => (count.get(id) as { n: number }).n).toBe(1_000);
  const newest = db.prepare("select max(ended_at) at from session where account_id = ? and id like 'old%'");
  expect((newest.get(id) as { at: number }).at).toBeGreaterThan(server.clock.now() - 3 * 86_400_000);
  db.close();
}, 30_000);

test("limits the remembered devices of an account to what its owner can list", async () => {
  const { id } = await makeAccount(server, instance.id, "emil.test");
  const db = new DatabaseSync(`${server.directory}/cloud.db`);
  const add = db.prepare("insert into device values (?, ?, 'x', 'linux', 0, ?)");
  for (let i = 0; i < 400; i++) add.run(id, `device${i}`, i);
  await signIn(server, code, "emil.test", newDevice("latest"));
  const rows = db.prepare("select name from device where account_id = ? order by last_seen_at desc").all(id);
  db.close();
  expect(rows).toHaveLength(256);
  expect(rows[0]).toMatchObject({ name: "latest" });
});
