import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { locally } from "./ctl/connection.ts";
import type { AuditView } from "./domain/audit.ts";
import type { SessionView } from "./domain/sessions/listing.ts";
import { hello } from "./testing/access-point.ts";
import { startCompany } from "./testing/company.ts";
import { makeAccount, newDevice, refusal, signIn } from "./testing/person.ts";
import { run, spawnServer } from "./testing/process.ts";
import { clientsOf } from "./testing/server.ts";

const { server, instance } = await startCompany("anna.test", "bruno.test");
afterAll(() => server.close());

const audited = async (wanted: object) => (await server.ask("audit list", { limit: 1_000, ...wanted })) as AuditView[];

test("records sign-ins and refusals in audit and log, with name, device and address", async () => {
  const device = newDevice();
  await signIn(server, instance.code, "Anna.Test", device);
  await refusal(signIn(server, instance.code, "anna.test", device, "wrong-password"));
  await refusal(signIn(server, instance.code, "no-such.test", device));
  const [unknown, wrong, right] = await audited({ action: "sign-in" });
  expect(right).toMatchObject({
    action: "sign-in",
    user: "anna.test",
    actor: "client",
    after: { remote: "127.0.0.1", device: device.id },
  });
  expect(wrong).toMatchObject({
    action: "sign-in refused",
    user: "anna.test",
    after: { remote: "127.0.0.1", cause: "bad_credentials" },
  });
  expect(unknown).toMatchObject({ action: "sign-in refused", user: "no-such.test" });
  const line = server.lines.find(({ message }) => message === "sign-in refused");
  expect(line?.fields).toEqual({
    cause: "bad_credentials",
    user: "anna.test",
    remote: "127.0.0.1",
    device: device.id,
  });
});

test("filters the audit by user, action and age", async () => {
  await server.ask("account disable", { instance: instance.id, user: "bruno.test" });
  await refusal(signIn(server, instance.code, "bruno.test"));
  const actions = async (wanted: object) => (await audited(wanted)).map(({ action }) => action);
  expect(await actions({ user: "BRUNO.test" })).toEqual(["sign-in refused", "account disable", "account create"]);
  expect(await actions({ user: "bruno.test", action: "account disable" })).toEqual(["account disable"]);
  expect(await actions({ action: "sign" })).toEqual([]);
  server.clock.advance(2 * 3_600_000);
  await server.ask("account enable", { instance: instance.id, user: "bruno.test" });
  expect(await actions({ user: "bruno.test", sinceSeconds: 3_600 })).toEqual(["account enable"]);
  // Also for a deleted account.
  await server.ask("account delete", { instance: instance.id, user: "bruno.test" });
  expect((await actions({ user: "bruno.test" }))[0]).toBe("account delete");
});

test("limits what unauthenticated clients can add to the audit", async () => {
  server.clock.advance(2 * 3_600_000);
  const before = (await audited({ action: "sign-in refused" })).length;
  for (let i = 0; i < 40; i++) await refusal(signIn(server, instance.code, `invented.${i}`));
  expect((await audited({ action: "sign-in refused" })).length).toBe(before + 20);
}, 20_000);

test("records password changes and resets by code", async () => {
  server.clock.advance(2 * 3_600_000);
  await makeAccount(server, instance.id, "carla.test");
  const { client } = clientsOf(server.running.url);
  const who = { enterpriseCode: instance.code, userName: "carla.test", deviceId: newDevice().id };
  await refusal(client.changePassword({ ...who, password: "wrong-password", newPassword: "another-horse" }));
  await client.changePassword({ ...who, password: "correct-horse", newPassword: "another-horse" });
  await refusal(client.resetPassword({ ...who, code: "AAAAA-AAAAA", newPassword: "third-horse" }));
  expect((await audited({ user: "carla.test" })).map(({ action }) => action)).toEqual([
    "password reset by code refused",
    "password change",
    "password change refused",
    "account create",
  ]);
});

test("lists ended sessions with the reason", async () => {
  await makeAccount(server, instance.id, "dora.test");
  const dora = await signIn(server, instance.code, "dora.test");
  const first = await dora.dial();
  await server.ask("account kick", { instance: instance.id, user: "dora.test", reason: "moving house" });
  // The kick closed the connection; this one is new.
  const second = await (await signIn(server, instance.code, "dora.test", dora.device)).dial();
  const list = async (which?: string) =>
    (await server.ask("session list", { instance: instance.id, which })) as SessionView[];
  expect((await list()).map(({ id, ended }) => [id, ended])).toEqual([[second.sessionId, null]]);
  expect((await list("ended"))[0]).toMatchObject({
    id: first.sessionId,
    userName: "dora.test",
    ended: { cause: "kicked", reason: "moving house" },
  });
  expect((await list("all")).slice(0, 2).map(({ id }) => id)).toEqual([second.sessionId, first.sessionId]);
});

test("the audit works as a command, and the log file's growth is bounded", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sag-cloud-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  const logFile = join(directory, "cloud.log");
  const real = await spawnServer(data, undefined, ["--log-file", logFile]);
  const ask = locally(data);
  const made = (await ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] })) as Record<string, string>;
  const { client } = clientsOf(real.url);
  const request = { hello, enterpriseCode: made.enterpriseCode ?? "", password: "wrong-password" };
  for (let i = 0; i < 60; i++) {
    await refusal(client.signIn({ ...request, userName: `invented.${i}`, device: newDevice() }));
  }
  for (let i = 0; i < 300; i++) await refusal(client.discover({ hello, enterpriseCode: "00000" }));
  const spoken = async (...args: string[]) => (await run("ctl/main.ts", ["--data", data, ...args])).stdout;
  expect(await spoken("audit", "list", "--user", "invented.7")).toMatch(
    /sign-in refused +invented\.7 .*127\.0\.0\.1 +bad_credentials$/m,
  );
  expect(await spoken("audit", "list", "--action", "sign-in", "--since", "1h", "--limit", "3")).toContain("invented");
  expect(await spoken("session", "list", "--ended")).toBe("None.\n");
  const key = JSON.parse(await spoken("access-key", "create", "--role", "read-only", "--json")) as object;
  expect(Object.keys(key)).toContain("accessKeyId");
  const { stderr } = await real.kill("SIGTERM");
  expect(stderr).toBe("");
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as { message: string; user?: string; repeated?: number });
  expect(parsed.some(({ message, user }) => message === "sign-in refused" && user === "invented.0")).toBe(true);
  expect(parsed.filter(({ repeated }) => repeated).length).toBeGreaterThan(0);
  // 360 refusals, formerly two lines each.
  expect(lines.length).toBeLessThan(200);
}, 30_000);
