import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, expect, test } from "vitest";
import { locally } from "./ctl/connection.ts";
import { fromBase32, hotp, stepAt } from "./security/totp.ts";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { newDevice, newKey } from "./testing/person.ts";
import { killAll, spawnServer } from "./testing/process.ts";
import { clientsOf } from "./testing/server.ts";

// A real server, and eight devices that keep signing in and dialling with a password while it is revoked.

/** 200 in the long run (SAG_RACES=long). */
const rounds = process.env.SAG_RACES === "long" ? 200 : 3;
const loops = 8;
/** Summary of the long run. */
const report = (what: string) => rounds > 3 && console.log(`${rounds} rounds, 0 survivors; ${what}`);

const directory = mkdtempSync(join(tmpdir(), "sag-cloud-"));
const server = await spawnServer(directory);
const ask = locally(directory);
afterAll(async () => {
  await server.kill("SIGTERM");
  killAll();
  rmSync(directory, { recursive: true, force: true });
});

const instance = (await ask("instance create", { name: "Racing", cidrs: ["10.90.0.0/16"] })) as Record<string, string>;
const id = instance.id ?? "";
const enterpriseCode = instance.enterpriseCode ?? "";
await ask("policy set", { instance: id, change: { devicesPerAccount: 16 } });
const here = await registerAccessPoint(server.url, ask, "here");
await here.connect();
let user = "";
let password = "password-0";
const devices = Array.from({ length: loops }, () => newDevice());

/**
 * Creates a new account for `user`. Each round has its own, because an account may sign in 50 times a minute. Known devices have their
 * own counters, so eight parallel ones are not throttled.
 */
async function startAccount(name: string): Promise<void> {
  if (user !== "") await ask("account delete", { instance: id, user });
  user = name;
  await ask("account create", { instance: id, user, mail: "a@b.test", password, mustChange: false });
  for (const device of devices) await attempt(password, device, false);
}
/** What one attempt obtained. */
interface Won {
  deviceId: string;
  refreshToken: string;
  sessionToken: string;
}

const causeOf = (error: unknown) => ConnectError.from(error).message;

async function attempt(secret: string, device: (typeof devices)[number], dials: boolean, otp?: string): Promise<Won> {
  const { client } = clientsOf(server.url);
  const request = { hello, enterpriseCode, userName: user, password: secret, device, ...(otp ? { otp } : {}) };
  const { signedIn } = await client.signIn(request);
  const won = { deviceId: device.id, refreshToken: signedIn?.tokens?.refreshToken ?? "", sessionToken: "" };
  if (!dials) return won;
  const own = clientsOf(server.url, signedIn?.tokens?.accessToken).client;
  const { session } = await own.dial({ hello, publicKey: newKey(), mode: 1, accessPointId: "" });
  return { ...won, sessionToken: session?.sessionToken ?? "" };
}

/** Lets all devices sign in repeatedly, runs `revoke` once each has signed in, and returns what they obtained. */
async function overrun(dials: boolean, revoke: () => Promise<unknown>): Promise<{ before: Won[]; all: Won[] }> {
  const secret = password;
  const all: Won[] = [];
  let over = false;
  let waiting = loops;
  const everybodyIn = Promise.withResolvers<void>();
  const running = devices.map(async (device) => {
    for (let first = true; !over; first = false) {
      try {
        all.push(await attempt(secret, device, dials));
      } catch (error) {
        if (first) everybodyIn.reject(new Error(causeOf(error)));
        return;
      } finally {
        if (first && --waiting === 0) everybodyIn.resolve();
      }
    }
  });
  try {
    await everybodyIn.promise;
    const before = [...all];
    await revoke();
    return { before, all };
  } finally {
    over = true;
    await Promise.all(running);
  }
}

const refused = (call: Promise<unknown>) =>
  call.then(
    () => false,
    () => true,
  );

async function survivors(won: Won[]): Promise<number> {
  const { client } = clientsOf(server.url);
  let alive = 0;
  for (const { refreshToken, deviceId } of won) {
    if (!(await refused(client.refresh({ hello, refreshToken, deviceId })))) alive++;
  }
  return alive;
}

const next = () => `password-${Math.random().toString(36).slice(2, 10)}`;

test("no old sign-in survives a password reset", async () => {
  for (let round = 0; round < rounds; round++) {
    await startAccount(`reset.${round}`);
    const fresh = next();
    const { all } = await overrun(false, () =>
      ask("account reset-password", { instance: id, user, password: fresh, mustChange: false }),
    );
    password = fresh;
    expect(await survivors(all), `round ${round}`).toBe(0);
  }
}, 6_000_000);

test("only the changing device stays signed in after a password change", async () => {
  for (let round = 0; round < rounds; round++) {
    await startAccount(`changed.${round}`);
    const fresh = next();
    const own = newDevice();
    await attempt(password, own, false);
    const { all } = await overrun(false, () =>
      clientsOf(server.url).client.changePassword({
        enterpriseCode,
        userName: user,
        password,
        newPassword: fresh,
        deviceId: own.id,
      }),
    );
    password = fresh;
    expect(await survivors(all), `round ${round}`).toBe(0);
  }
}, 6_000_000);

test("one of two parallel password changes succeeds, and the other is refused", async () => {
  for (let round = 0; round < rounds; round++) {
    await startAccount(`twice.${round}`);
    const wanted = devices.slice(0, 2).map((device) => ({ device, fresh: next() }));
    for (const { device } of wanted) await attempt(password, device, false);
    const outcomes = await Promise.all(
      wanted.map(({ device, fresh }) =>
        clientsOf(server.url)
          .client.changePassword({
            enterpriseCode,
            userName: user,
            password,
            newPassword: fresh,
            deviceId: device.id,
          })
          .then(
            () => fresh,
            () => undefined,
          ),
      ),
    );
    const done = outcomes.filter((fresh) => fresh !== undefined);
    expect(done, `round ${round}`).toHaveLength(1);
    password = done[0] ?? "";
    await attempt(password, devices[0] ?? newDevice(), false);
  }
}, 6_000_000);

test("a disabled account has no session", async () => {
  let dialled = 0;
  for (let round = 0; round < rounds; round++) {
    await startAccount(`disabled.${round}`);
    const { all } = await overrun(true, () => ask("account disable", { instance: id, user }));
    dialled += all.length;
    const running = (await ask("session list", { instance: id })) as unknown[];
    expect(running, `round ${round}`).toEqual([]);
    // The access point learns about it a moment later.
    await expect.poll(() => here.peers.size, { message: `round ${round}`, timeout: 5_000 }).toBe(0);
    await ask("account enable", { instance: id, user });
  }
  report(`${dialled} sessions`);
}, 6_000_000);

test("a kick ends every current session", async () => {
  let kicked = 0;
  for (let round = 0; round < rounds; round++) {
    await startAccount(`kicked.${round}`);
    const { before } = await overrun(true, () => ask("account kick", { instance: id, user, reason: "out" }));
    for (const { sessionToken } of before) {
      kicked++;
      const renewed = clientsOf(server.url, sessionToken).session.renew({ hello });
      expect(await refused(renewed), `round ${round}`).toBe(true);
    }
  }
  report(`${kicked} sessions`);
}, 6_000_000);

/**
 * Uses database triggers to record the order of commits, to tell whether a sign-in came before or after a change of the second factor.
 * The function returns the names of the commits for the account since the last call.
 */
function watchCommits(): (user: string) => string[] {
  const database = new DatabaseSync(join(directory, "cloud.db"));
  database.exec(`
    pragma busy_timeout = 10000;
    create table test_commit (n integer primary key autoincrement, account_id text, what text);
    create trigger test_sign_in after insert on sign_in begin
      insert into test_commit (account_id, what) values (new.account_id, 'sign-in'); end;
    create trigger test_factor after update of secret on second_factor when new.secret is not old.secret begin
      insert into test_commit (account_id, what) values (new.account_id, 'factor'); end;
    create trigger test_removal after delete on second_factor begin
      insert into test_commit (account_id, what) values (old.account_id, 'removal'); end;`);
  const taken = database.prepare(
    "select n, what from test_commit where account_id = (select id from account where user_name = ?) order by n",
  );
  const forget = database.prepare("delete from test_commit");
  return (name) => {
    const rows = taken.all(name);
    forget.run();
    return rows.map(({ what }) => String(what));
  };
}

/** An enrolled second factor of `user` that is not confirmed yet. `code` returns a code of now, or of some steps ahead. */
async function enrolled() {
  const { client } = clientsOf(server.url);
  const words = { enterpriseCode, userName: user, password, deviceId: "" };
  const key = fromBase32((await client.enrolSecondFactor({ ...words, otp: "" })).secret);
  const code = (ahead: number) => hotp(key, stepAt(Date.now()) + ahead);
  return { code, confirm: () => client.confirmSecondFactor({ ...words, otp: code(0) }) };
}

test("second factors: nobody signs in without one once it is in force, or with it once it was removed", async () => {
  const commits = watchCommits();
  let met = 0;
  for (let round = 0; round < rounds; round++) {
    await startAccount(`factor.${round}`);
    const factor = await enrolled();
    commits(user);
    // Without a code.
    const { all } = await overrun(false, () => factor.confirm());
    const confirmed = commits(user);
    expect(confirmed, `round ${round}`).toContain("factor");
    expect(confirmed.slice(confirmed.indexOf("factor")), `round ${round}`).toEqual(["factor"]);
    expect(confirmed.length - 1, `round ${round}`).toBe(all.length);

    // With a required factor. A code is valid for one sign-in, so all eight try the same one until the removal is done.
    await ask("policy set", { instance: id, change: { secondFactorRequired: true } });
    const otp = factor.code(1);
    let over = false;
    const running = devices.map(async (device) => {
      while (!over) if (await refused(attempt(password, device, false, otp))) return;
    });
    // At a different moment each round, within the time of eight password hashes.
    await delay((round % 20) * 10);
    await ask("account remove-second-factor", { instance: id, user });
    over = true;
    await Promise.all(running);
    const removed = commits(user);
    if (removed[0] === "removal") met++;
    expect(removed.at(-1), `round ${round}`).toBe("removal");
    expect(await refused(attempt(password, devices[0] ?? newDevice(), false, otp)), `round ${round}`).toBe(true);
    await ask("policy set", { instance: id, change: { secondFactorRequired: false } });
    for (const device of devices) await attempt(password, device, false);
  }
  report(`${met} removals came before the round's sign-in`);
}, 6_000_000);
