import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeEach, expect, test } from "vitest";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, newKey, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

// What strangers can find out, keep others from, or fill by trying.

const { server, instance } = await startCompany("anna.test");
afterAll(() => server.close());
beforeEach(() => server.clock.advance(2 * 3_600_000));

const { client } = clientsOf(server.running.url);
const code = instance.code;
const discover = (enterpriseCode = code) => client.discover({ hello, enterpriseCode });
const guess = (user: string, password = "wrong-password") =>
  refusal(signIn(server, code, user, newDevice(), password)).then(({ word }) => word);

test("whether a name exists cannot be told by what else is refused afterwards", async () => {
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

test("twenty wrong names keep nobody else out", async () => {
  for (let i = 0; i < 20; i++) expect(await guess(`invented.${i}`)).toBe("bad_credentials");
  await discover();
  await signIn(server, code, "anna.test", newDevice());
}, 30_000);

test("a few passwords tried with many names from one address are refused before long", async () => {
  // Sixty people who are there: the first one sixty times over.
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
  // Who was here before is not touched.
  await signIn(server, code, "anna.test", known);
}, 60_000);

test("strangers' requests do not silence the mail of who forgot a password", async () => {
  await makeAccount(server, instance.id, "berta.test");
  const sent = () => server.lines.filter(({ message }) => message.includes("a code for a forgotten password")).length;
  const forget = () =>
    client.forgotPassword({ enterpriseCode: code, userName: "berta.test", deviceId: newDevice().id });
  const before = sent();
  for (let i = 0; i < 3; i++) await forget();
  // Her own, from a device that was never in.
  await forget();
  expect(sent()).toBe(before + 4);
  await forget();
  // What is too much is refused in words, with the time to wait; it never is taken and then not sent.
  const failure = await refusal(forget());
  expect(failure.word).toBe("too_many_attempts");
  expect(failure.retryAfter).toBeDefined();
  expect(sent()).toBe(before + 5);
});

test("a device that dials over and over is slowed down, another one is not", async () => {
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

test("what is over is kept in bounds for each account", async () => {
  const { id } = await makeAccount(server, instance.id, "dora.test");
  const dora = await signIn(server, code, "dora.test", newDevice());
  await dora.dial();
  const db = new DatabaseSync(`${server.directory}/cloud.db`);
  // As if it had gone on for a month.
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

test("an account remembers no more devices than its owner can see", async () => {
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
