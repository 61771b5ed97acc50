import { afterAll, expect, test } from "vitest";
import { WarningCode } from "#proto/types/v1/state_pb.js";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, password, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const {
  server,
  instance: { id: instance, code },
} = await startCompany();
afterAll(() => server.close());

const api = () => clientsOf(server.running.url).client;

test("answers a wrong name like a wrong password, and an unknown code differently", async () => {
  await makeAccount(server, instance, "anna.test");
  const wrong = await refusal(signIn(server, code, "anna.test", newDevice(), "wrong-password"));
  const unknown = await refusal(signIn(server, code, "nobody.test", newDevice(), "wrong-password"));
  expect([wrong.word, wrong.text]).toEqual([unknown.word, unknown.text]);
  expect(wrong.word).toBe("bad_credentials");
  expect((await refusal(signIn(server, "00000", "anna.test"))).word).toBe("unknown_code");
});

test("five failures in a minute cause waits from 1 s, doubling; a known device is not affected", async () => {
  await makeAccount(server, instance, "bruno.test");
  const own = newDevice("own");
  await signIn(server, code, "bruno.test", own);
  const guess = () => refusal(signIn(server, code, "bruno.test", newDevice(), "wrong-password"));
  for (let i = 0; i < 5; i++) expect((await guess()).word).toBe("bad_credentials");
  for (const seconds of [1, 2, 4]) {
    const failure = await guess();
    expect(failure.word).toBe("too_many_attempts");
    const left = Number(failure.retryAfter?.seconds) + (failure.retryAfter?.nanos ?? 0) / 1e9;
    expect(left).toBeGreaterThan(seconds - 1);
    expect(left).toBeLessThanOrEqual(seconds);
    server.clock.advance(seconds * 1_000);
    expect((await guess()).word).toBe("bad_credentials");
  }
  // From a new device, even the right password has to wait; the known device does not.
  expect((await refusal(signIn(server, code, "bruno.test"))).word).toBe("too_many_attempts");
  await signIn(server, code, "bruno.test", own);
  // But its own failures count.
  for (let i = 0; i < 5; i++) await refusal(signIn(server, code, "bruno.test", own, "wrong-password"));
  expect((await refusal(signIn(server, code, "bruno.test", own))).word).toBe("too_many_attempts");
});

test("rate-limits guessing of enterprise codes", async () => {
  server.clock.advance(1_200_000);
  for (let i = 0; i < 20; i++) {
    const failure = await refusal(api().discover({ hello, enterpriseCode: `0000${i % 10}` }));
    expect(failure.word).toBe("unknown_code");
  }
  expect((await refusal(api().discover({ hello, enterpriseCode: "00000" }))).word).toBe("too_many_attempts");
  server.clock.advance(1_200_000);
});

test("rotates a refresh token, accepts its predecessor once more, then treats it as stolen", async () => {
  await makeAccount(server, instance, "carla.test");
  const carla = await signIn(server, code, "carla.test");
  const session = await carla.dial();
  const refresh = async (refreshToken: string, deviceId = carla.device.id) =>
    (await api().refresh({ hello, refreshToken, deviceId })).signedIn?.tokens?.refreshToken ?? "";
  const second = await refresh(carla.tokens.refresh);
  expect(second).not.toBe(carla.tokens.refresh);
  expect(await refresh(carla.tokens.refresh)).toBe(second);
  const third = await refresh(second);
  expect((await refusal(refresh(third, "0".repeat(32)))).word).toBe("sign_in_expired");
  const made_up = third.replace(/\d+(?=\.[^.]*$)/, "1");
  expect((await refusal(refresh(made_up))).word).toBe("sign_in_expired");
  await session.api.renew({ hello });
  expect((await refusal(refresh(carla.tokens.refresh))).word).toBe("sign_in_expired");
  expect((await refusal(refresh(third))).word).toBe("sign_in_expired");
  expect((await refusal(session.api.renew({ hello }))).word).toBe("sign_in_expired");
});

test("parallel refreshes get the same successor; after 30 s the former token is refused", async () => {
  await makeAccount(server, instance, "dora.test");
  const dora = await signIn(server, code, "dora.test");
  const once = () => api().refresh({ hello, refreshToken: dora.tokens.refresh, deviceId: dora.device.id });
  const both = await Promise.all([once(), once()]);
  const [a, b] = both.map((r) => r.signedIn?.tokens?.refreshToken);
  expect(a).toBe(b);
  const next = await api().refresh({ hello, refreshToken: a ?? "", deviceId: dora.device.id });
  server.clock.advance(31_000);
  expect((await refusal(api().refresh({ hello, refreshToken: a ?? "", deviceId: dora.device.id }))).word).toBe(
    "sign_in_expired",
  );
  const last = next.signedIn?.tokens?.refreshToken ?? "";
  expect((await refusal(api().refresh({ hello, refreshToken: last, deviceId: dora.device.id }))).word).toBe(
    "sign_in_expired",
  );
});

const soon = (session: { warnings: { code: WarningCode; text: string }[] } | undefined) =>
  session?.warnings.filter(({ code }) => code === WarningCode.EXPIRES_SOON).map(({ text }) => text);

test("an access token is valid for 15 minutes; a sign-in for its lifetime, with a warning before its end", async () => {
  await makeAccount(server, instance, "emil.test");
  await server.ask("policy set", { instance, change: { signInSeconds: 5 * 86_400 } });
  const emil = await signIn(server, code, "emil.test");
  expect(soon(await emil.dial())).toEqual([]);
  server.clock.advance(15 * 60_000 + 1_000);
  expect((await refusal(emil.dial())).word).toBe("sign_in_expired");
  server.clock.advance(2 * 86_400_000);
  const { signedIn } = await api().refresh({ hello, refreshToken: emil.tokens.refresh, deviceId: emil.device.id });
  const again = clientsOf(server.running.url, signedIn?.tokens?.accessToken).client;
  const { session } = await again.dial({ hello, mode: 1, publicKey: crypto.getRandomValues(new Uint8Array(32)) });
  expect(soon(session)).toEqual(["The sign-in of this device ends soon."]);
  server.clock.advance(3 * 86_400_000);
  const refreshToken = signedIn?.tokens?.refreshToken ?? "";
  expect((await refusal(api().refresh({ hello, refreshToken, deviceId: emil.device.id }))).word).toBe(
    "sign_in_expired",
  );
  await server.ask("policy set", { instance, change: { signInSeconds: 30 * 86_400 } });
});

test("signing out ends the device's session and can be repeated", async () => {
  await makeAccount(server, instance, "fritz.test");
  const fritz = await signIn(server, code, "fritz.test");
  const session = await fritz.dial();
  await api().signOut({ refreshToken: fritz.tokens.refresh });
  await api().signOut({ refreshToken: fritz.tokens.refresh });
  await api().signOut({ refreshToken: "srt_never-was-one-of-ours" });
  expect((await refusal(fritz.dial())).word).toBe("sign_in_expired");
  expect((await refusal(session.api.renew({ hello }))).word).toBe("sign_in_expired");
});

test("a required password change blocks everything else and signs out all other devices", async () => {
  await makeAccount(server, instance, "greta.test");
  const old = await signIn(server, code, "greta.test", newDevice("old"));
  const own = await signIn(server, code, "greta.test", newDevice("own"));
  const change = (before: string, after: string) =>
    api().changePassword({
      enterpriseCode: code,
      userName: "greta.test",
      password: before,
      newPassword: after,
      deviceId: own.device.id,
    });
  expect((await refusal(change("wrong-password", "better-horse"))).word).toBe("bad_credentials");
  expect((await refusal(change(password, "short"))).word).toBe("invalid_argument");
  expect((await refusal(change(password, password))).word).toBe("invalid_argument");
  await change(password, "better-horse");
  await own.dial();
  expect((await refusal(old.dial())).word).toBe("sign_in_expired");
  expect((await refusal(signIn(server, code, "greta.test"))).word).toBe("bad_credentials");

  const reset = (await server.ask("account reset-password", { instance, user: "greta.test", mustChange: true })) as {
    password: string;
  };
  expect((await refusal(own.dial())).word).toBe("sign_in_expired");
  const must = await refusal(signIn(server, code, "greta.test", own.device, reset.password));
  expect(must.word).toBe("password_change_required");
  await change(reset.password, "third-horse");
  await signIn(server, code, "greta.test", own.device, "third-horse");
});

test("secrets are in no log line and only hashed in the store", async () => {
  await makeAccount(server, instance, "hanna.test");
  const hanna = await signIn(server, code, "hanna.test");
  const session = await hanna.dial();
  const lines = JSON.stringify(server.lines);
  const { readFileSync } = await import("node:fs");
  const files = ["cloud.db", "cloud.db-wal"]
    .map((name) => readFileSync(`${server.directory}/${name}`, "latin1"))
    .join("");
  for (const secret of [hanna.tokens.access, hanna.tokens.refresh, session.sessionToken, password]) {
    expect(lines).not.toContain(secret);
    expect(files).not.toContain(secret);
  }
  const key = Buffer.from(session.accessPoints[0]?.presharedKey ?? []).toString("latin1");
  expect(key).toHaveLength(32);
  expect(files).not.toContain(key);
});

test("an account that keeps signing in is slowed down, does not block others and adds few records", async () => {
  server.clock.advance(3_600_000);
  await makeAccount(server, instance, "loop.test");
  await makeAccount(server, instance, "victim.one");
  const own = newDevice("loop");
  const victims = newDevice("victim");
  for (const [user, device] of [
    ["loop.test", own],
    ["victim.one", victims],
  ] as const)
    await signIn(server, code, user, device);
  const words: string[] = [];
  let going = true;
  const loops = Array.from({ length: 80 }, async () => {
    while (going) {
      const said = await signIn(server, code, "loop.test", own).then(
        () => "",
        (error: unknown) => refusal(Promise.reject(error)).then(({ word }) => word),
      );
      words.push(said);
    }
  });
  for (let i = 0; i < 12; i++) await signIn(server, code, "victim.one", victims);
  await expect.poll(() => words.filter((word) => word === "").length, { timeout: 20_000 }).toBeGreaterThanOrEqual(49);
  going = false;
  await Promise.all(loops);
  expect(new Set(words)).toEqual(new Set(["", "too_many_attempts"]));
  expect(words.filter((word) => word === "").length).toBeLessThan(60);
  const records = async (user: string) =>
    ((await server.ask("audit list", { user, action: "sign-in", limit: 500 })) as unknown[]).length;
  expect(await records("loop.test")).toBe(40);
  expect(await records("victim.one")).toBe(13);
  // Refused because the queue was full, which is not a failed attempt: after a minute it can sign in at once.
  server.clock.advance(60_001);
  await signIn(server, code, "loop.test", own);
}, 60_000);
