import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, expect, test } from "vitest";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, refusal, signIn } from "./testing/person.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance } = await startCompany();
afterAll(() => server.close());

const api = () => clientsOf(server.running.url).client;
const folder = () => join(server.directory, "outbox");
const mails = (): string[] => {
  try {
    return readdirSync(folder()).filter((name) => name.endsWith(".eml"));
  } catch {
    return [];
  }
};

function person(userName: string, device = newDevice()) {
  const who = { enterpriseCode: instance.code, userName, deviceId: device.id };
  return {
    device,
    forgets: () => api().forgotPassword(who),
    resets: (code: string, newPassword = "better-horse") => api().resetPassword({ ...who, code, newPassword }),
    /** Requests a code and reads it from the mail. */
    async code() {
      const before = new Set(mails());
      await api().forgotPassword(who);
      await expect.poll(() => mails().length).toBe(before.size + 1);
      const mail = readFileSync(join(folder(), mails().find((name) => !before.has(name)) ?? ""), "utf8");
      return { mail, code: /^ {4}(\S+)\r$/m.exec(mail)?.[1] ?? "" };
    },
  };
}

test("a mailed code sets a new password once and signs out all devices", async () => {
  await makeAccount(server, instance.id, "anna.test", { mail: "anna@example.com", mustChange: false });
  const inside = await signIn(server, instance.code, "anna.test");
  const session = await inside.dial();
  const anna = person("anna.test");
  const { mail, code } = await anna.code();
  expect(mail).toContain("To: anna@example.com\r\n");
  expect(code).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
  for (const name of mails()) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  expect((await refusal(anna.resets(code, "short"))).word).toBe("invalid_argument");
  await anna.resets(` ${code.toLowerCase().replace("-", " ")}`);
  expect((await refusal(anna.resets(code, "third-horse"))).word).toBe("bad_credentials");
  expect((await refusal(inside.dial())).word).toBe("sign_in_expired");
  expect((await refusal(session.api.renew({ hello: { version: "0.1.0" } }))).word).toBe("sign_in_expired");
  expect((await refusal(signIn(server, instance.code, "anna.test"))).word).toBe("bad_credentials");
  await signIn(server, instance.code, "anna.test", newDevice(), "better-horse");
  const kept = ["cloud.db", "cloud.db-wal"]
    .map((name) => readFileSync(join(server.directory, name), "latin1"))
    .join("");
  for (const where of [JSON.stringify(server.lines), kept]) {
    expect(where).not.toContain(code);
    expect(where).not.toContain(code.replace("-", ""));
  }
});

test("limits a code to five tries, 15 minutes and the requesting device", async () => {
  await makeAccount(server, instance.id, "berta.test");
  const berta = person("berta.test");
  const first = await berta.code();
  expect((await refusal(person("berta.test").resets(first.code))).word).toBe("bad_credentials");
  server.clock.advance(61_000);
  const wrong = async () => {
    server.clock.advance(61_000);
    return (await refusal(berta.resets("AAAAA-AAAAA"))).word;
  };
  for (let i = 0; i < 5; i++) expect(await wrong()).toBe("bad_credentials");
  server.clock.advance(61_000);
  expect((await refusal(berta.resets(first.code))).word).toBe("bad_credentials");
  const second = await berta.code();
  server.clock.advance(15 * 60_000);
  expect((await refusal(berta.resets(second.code))).word).toBe("bad_credentials");
  const third = await berta.code();
  await berta.resets(third.code);
});

test("answers names that do not exist alike, with the same rows and in the same time", async () => {
  await makeAccount(server, instance.id, "carla.test");
  const before = mails().length;
  const took: Record<string, number[]> = { "carla.test": [], "nobody.test": [] };
  for (let round = 0; round < 5; round++) {
    server.clock.advance(16 * 60_000);
    for (const name of Object.keys(took)) {
      const one = person(name);
      const start = performance.now();
      expect(await one.forgets()).toMatchObject({ $typeName: "sag.client.v1.ForgotPasswordResponse" });
      took[name]?.push(performance.now() - start);
      const { word, text } = await refusal(one.resets("AAAAA-AAAAA"));
      expect([word, text]).toEqual(["bad_credentials", "The code is wrong or has expired."]);
    }
  }
  const best = (name: string) => Math.min(...(took[name] ?? []));
  const database = new DatabaseSync(join(server.directory, "cloud.db"), { readOnly: true });
  const left = database.prepare("select tries_left, length(code_hash) l from password_code where user_name = ?");
  expect(left.all("carla.test")).toEqual([{ tries_left: 4, l: 43 }]);
  expect(left.all("nobody.test")).toEqual(left.all("carla.test"));
  database.close();
  expect(Math.abs(best("carla.test") - best("nobody.test"))).toBeLessThan(20);
  await expect.poll(() => mails().length).toBe(before + 5);
  expect((await refusal(api().forgotPassword({ ...unknownCode }))).word).toBe("unknown_code");
});

const unknownCode = { enterpriseCode: "00000", userName: "anna.test", deviceId: "0".repeat(32) };

test("limits mails per account, and sends none to a disabled account", async () => {
  await makeAccount(server, instance.id, "dora.test");
  const dora = await signIn(server, instance.code, "dora.test");
  server.clock.advance(16 * 60_000);
  const before = mails().length;
  for (let i = 0; i < 5; i++) await person("dora.test").forgets();
  // Five per minute and address, for any name.
  expect((await refusal(person("dora.test").forgets())).word).toBe("too_many_attempts");
  server.clock.advance(61_000);
  await expect.poll(() => mails().length).toBe(before + 5);
  const own = person("dora.test", dora.device);
  await own.resets((await own.code()).code);
  await server.ask("account disable", { instance: instance.id, user: "dora.test" });
  server.clock.advance(16 * 60_000);
  const then = mails().length;
  await person("dora.test").forgets();
  // Stopping the server waits for mails that are being written.
  await server.restart();
  expect(mails().length).toBe(then);
});
