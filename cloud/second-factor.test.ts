import { afterAll, expect, test } from "vitest";
import { fromBase32, hotp, stepAt, stepSeconds } from "./security/totp.ts";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, password, refusal } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance } = await startCompany();
afterAll(() => server.close());

const api = () => clientsOf(server.running.url).client;
const codeOf = (secret: string, offset = 0) => hotp(fromBase32(secret), stepAt(server.clock.now()) + offset);
const next = () => server.clock.advance(stepSeconds * 1_000);
/** Moves the clock to the middle of a time step, so that none ends during an assertion. */
const settle = () => server.clock.advance(stepSeconds * 1_500 - (server.clock.now() % (stepSeconds * 1_000)));

/** A user at a device, with the fields that all of their calls have. */
function person(userName: string, device = newDevice()) {
  const who = { enterpriseCode: instance.code, userName, password, deviceId: device.id };
  return {
    device,
    who,
    signIn: (otp = "") =>
      api()
        .signIn({ hello, enterpriseCode: instance.code, userName, password, device, otp })
        .then(() => "in"),
    async enrol(otp = "") {
      const { secret } = await api().enrolSecondFactor({ ...who, otp });
      await api().confirmSecondFactor({ ...who, otp: codeOf(secret) });
      return secret;
    },
  };
}

const asked = (failure: { word: string; field: string }) => [failure.word, failure.field];

test("accepts each time step once, within one step either way", async () => {
  await makeAccount(server, instance.id, "anna.test");
  const anna = person("anna.test");
  settle();
  const { secret, uri } = await api().enrolSecondFactor({ ...anna.who, otp: "" });
  expect(uri).toMatch(/^otpauth:\/\/totp\//);
  expect(uri).toContain(`secret=${secret}&`);
  // Not in force before it is confirmed.
  await anna.signIn();
  expect(asked(await refusal(api().confirmSecondFactor({ ...anna.who, otp: codeOf(secret, 5) })))).toEqual([
    "second_factor_required",
    "otp",
  ]);
  await api().confirmSecondFactor({ ...anna.who, otp: codeOf(secret) });
  expect(asked(await refusal(anna.signIn()))).toEqual(["second_factor_required", "otp"]);
  // The step of the confirmation is used.
  expect(asked(await refusal(anna.signIn(codeOf(secret))))).toEqual(["second_factor_required", "otp"]);
  await anna.signIn(codeOf(secret, 1));
  expect((await refusal(anna.signIn(codeOf(secret, 1)))).word).toBe("second_factor_required");
  expect((await refusal(anna.signIn(codeOf(secret)))).word).toBe("second_factor_required");
  for (let i = 0; i < 4; i++) next();
  await anna.signIn(codeOf(secret, -1));
  await anna.signIn(codeOf(secret));
  expect((await refusal(anna.signIn(codeOf(secret, 2)))).word).toBe("second_factor_required");
  const { client } = clientsOf(server.running.url, await accessToken(anna, codeOf(secret, 1)));
  expect(await client.listDevices({})).toMatchObject({ secondFactor: true, secondFactorRequired: false });
  // A wrong password reveals nothing about a second factor.
  const guess = { hello, ...anna.who, device: anna.device, password: "wrong-password", otp: "" };
  expect((await refusal(api().signIn(guess))).word).toBe("bad_credentials");
  const view = await server.ask("account show", { instance: instance.id, user: "anna.test" });
  expect(view).toMatchObject({ secondFactor: true });
  expect(JSON.stringify(server.lines)).not.toContain(secret);
});

async function accessToken(someone: ReturnType<typeof person>, otp: string): Promise<string> {
  const { enterpriseCode, userName } = someone.who;
  const { signedIn } = await api().signIn({ hello, enterpriseCode, userName, password, device: someone.device, otp });
  return signedIn?.tokens?.accessToken ?? "";
}

test("accepts a code used twice in parallel once", async () => {
  await makeAccount(server, instance.id, "berta.test");
  const berta = person("berta.test");
  settle();
  const secret = await berta.enrol();
  next();
  const code = codeOf(secret);
  const outcomes = await Promise.allSettled([berta.signIn(code), berta.signIn(code), berta.signIn(code)]);
  expect(outcomes.filter((one) => one.status === "fulfilled")).toHaveLength(1);
});

test("slows down after five wrong codes from any device; a known device has its own counter", async () => {
  await makeAccount(server, instance.id, "carla.test");
  const carla = person("carla.test");
  await carla.signIn();
  settle();
  const secret = await carla.enrol();
  next();
  for (let i = 0; i < 5; i++) {
    expect((await refusal(person("carla.test").signIn(codeOf(secret, 50)))).word).toBe("second_factor_required");
  }
  const failure = await refusal(person("carla.test").signIn(codeOf(secret)));
  expect(failure.word).toBe("too_many_attempts");
  expect(failure.retryAfter).toBeDefined();
  await carla.signIn(codeOf(secret));
});

test("requires a current code to replace or remove it, except for an administrator", async () => {
  await makeAccount(server, instance.id, "dora.test");
  const dora = person("dora.test");
  settle();
  const first = await dora.enrol();
  next();
  expect((await refusal(api().enrolSecondFactor({ ...dora.who, otp: "" }))).word).toBe("second_factor_required");
  const second = await dora.enrol(codeOf(first));
  next();
  expect((await refusal(dora.signIn(codeOf(first)))).word).toBe("second_factor_required");
  expect((await refusal(api().removeSecondFactor({ ...dora.who, otp: "" }))).word).toBe("second_factor_required");
  const change = { ...dora.who, newPassword: "better-horse", otp: "" };
  expect((await refusal(api().changePassword(change))).word).toBe("second_factor_required");
  await api().removeSecondFactor({ ...dora.who, otp: codeOf(second) });
  await dora.signIn();
  await dora.enrol();
  await server.ask("account remove-second-factor", { instance: instance.id, user: "dora.test" });
  await dora.signIn();
});

test("if required, the first code of a new factor signs in", async () => {
  await makeAccount(server, instance.id, "emil.test");
  await server.ask("policy set", { instance: instance.id, change: { secondFactorRequired: true } });
  const emil = person("emil.test");
  expect(asked(await refusal(emil.signIn()))).toEqual(["second_factor_required", "second_factor"]);
  settle();
  const { secret } = await api().enrolSecondFactor({ ...emil.who, otp: "" });
  expect(asked(await refusal(emil.signIn()))).toEqual(["second_factor_required", "second_factor"]);
  await emil.signIn(codeOf(secret));
  next();
  expect((await refusal(api().removeSecondFactor({ ...emil.who, otp: codeOf(secret) }))).word).toBe("not_permitted");
  await server.ask("policy set", { instance: instance.id, change: { secondFactorRequired: false } });
});

test("a required password change comes first and needs no code", async () => {
  await makeAccount(server, instance.id, "fritz.test");
  const fritz = person("fritz.test");
  settle();
  const secret = await fritz.enrol();
  next();
  await server.ask("account reset-password", { instance: instance.id, user: "fritz.test", password, mustChange: true });
  expect((await refusal(fritz.signIn())).word).toBe("password_change_required");
  await api().changePassword({ ...fritz.who, newPassword: "better-horse" });
  const signIn = { hello, ...fritz.who, device: fritz.device, password: "better-horse" };
  expect((await refusal(api().signIn(signIn))).word).toBe("second_factor_required");
  await api().signIn({ ...signIn, otp: codeOf(secret) });
});
