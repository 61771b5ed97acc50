import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Ask, type Fields, makeKey, openApi } from "./testing/admin-api.ts";
import { refusal, signIn } from "./testing/person.ts";
import { startServer, type TestServer } from "./testing/server.ts";

// A password that the server generates is useless unless it is mailed to its owner.

let server: TestServer;
let ask: Ask;
let one: { RegionId: string; SmartAGId: string };
let code: string;
const outbox = () => join(server.directory, "outbox");
const mails = (): string[] => (existsSync(outbox()) ? readdirSync(outbox()) : []);

beforeAll(async () => {
  server = await startServer();
  ask = openApi(server, await makeKey(server));
  one = await order("cn-shanghai", "10.80.0.0/24");
  code = await codeOf(one);
});
afterAll(() => server.close());
beforeEach(() => rmSync(outbox(), { recursive: true, force: true }));

async function order(RegionId: string, CidrBlock: string) {
  const wanted = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 50, AutoPay: true };
  const SmartAGId = String((await ask("CreateSmartAccessGatewaySoftware", wanted)).SmartAGId);
  await ask("ModifySmartAccessGateway", { RegionId, SmartAGId, CidrBlock });
  return { RegionId, SmartAGId };
}

async function codeOf(instance: { RegionId: string; SmartAGId: string }): Promise<string> {
  const { SmartAccessGateways } = await ask("DescribeSmartAccessGateways", instance);
  const [row] = (SmartAccessGateways as { SmartAccessGateway: Fields[] }).SmartAccessGateway;
  return String(row?.EnterpriseCode);
}

/** The only mail, and the values it contains. */
function theMail() {
  const [name = "", ...others] = mails();
  expect([others, name]).toEqual([[], expect.stringMatching(/\.eml$/)]);
  expect([statSync(outbox()).mode & 0o777, statSync(join(outbox(), name)).mode & 0o777]).toEqual([0o700, 0o600]);
  const text = readFileSync(join(outbox(), name), "utf8");
  rmSync(join(outbox(), name));
  const said = (what: string) => new RegExp(`^ {4}${what}: (.*)\r$`, "m").exec(text)?.[1] ?? "";
  return {
    text,
    to: /^To: (.*)\r$/m.exec(text)?.[1],
    code: said("Enterprise code"),
    instance: said("Instance ID"),
    user: said("User name"),
    password: said("Password"),
  };
}

test("account creation without a password and a reset mail everything needed to sign in", async () => {
  const UserMail = "berta@example.com";
  await ask("CreateSmartAccessGatewayClientUser", { ...one, UserMail, Bandwidth: 5 });
  const made = theMail();
  expect(made).toMatchObject({ to: UserMail, code, instance: one.SmartAGId, user: UserMail });
  const link = /^ {3}(sag:\/\/enroll\?\S+)\r$/m.exec(made.text)?.[1] ?? "";
  expect(new URL(link).searchParams.get("code")).toBe(code);
  expect(link).toContain(new URL(server.running.url).host.replace(":", "%3A"));
  await signIn(server, made.code, made.user, undefined, made.password);
  await ask("ResetSmartAccessGatewayClientUserPassword", { ...one, UserName: UserMail });
  const reset = theMail();
  expect(reset).toMatchObject({ to: UserMail, code, user: UserMail });
  expect((await refusal(signIn(server, code, UserMail, undefined, made.password))).word).toBe("bad_credentials");
  await signIn(server, reset.code, reset.user, undefined, reset.password);
  const kept = ["cloud.db", "cloud.db-wal"]
    .map((name) => readFileSync(join(server.directory, name), "latin1"))
    .join("");
  for (const where of [kept, JSON.stringify(server.lines)]) {
    for (const { password } of [made, reset]) expect(where).not.toContain(password);
  }
});

test("does not mail a given password; a copied account keeps its password", async () => {
  const anna = { ...one, UserName: "anna.test" };
  await ask("CreateSmartAccessGatewayClientUser", {
    ...anna,
    UserMail: "anna@example.com",
    Password: "correct-horse",
    Bandwidth: 5,
  });
  const made = theMail();
  expect([made.user, made.text.includes("correct-horse")]).toEqual(["anna.test", false]);
  expect(made.password).toContain("your administrator");
  await ask("ResetSmartAccessGatewayClientUserPassword", { ...anna, Password: "another-horse" });
  expect(theMail().text).not.toContain("another-horse");
  const away = await order("ap-southeast-1", "10.81.0.0/24");
  await ask("CreateEnterpriseCode", { RegionId: one.RegionId, EnterpriseCode: "AWAY1" });
  await ask("UpdateSmartAGEnterpriseCode", { ...away, EnterpriseCode: "AWAY1" });
  const roam = { OriginRegionId: one.RegionId, OriginSmartAGId: one.SmartAGId, TargetSmartAGId: away.SmartAGId };
  await ask("RoamClientUser", { ...roam, RegionId: away.RegionId, UserName: "anna.test" });
  expect(theMail()).toMatchObject({ to: "anna@example.com", code: "AWAY1", instance: away.SmartAGId });
});

test("sagctl prints a generated password once and mails it; an import mails each created account", async () => {
  const of = { instance: one.SmartAGId };
  const made = await server.ask("account create", { ...of, user: "carl.test", mail: "carl@example.com" });
  expect(theMail().password).toBe((made as Fields).password);
  const reset = await server.ask("account reset-password", { ...of, user: "carl.test" });
  expect(theMail().password).toBe((reset as Fields).password);
  const shown = (await server.ask("account show", { ...of, user: "carl.test" })) as Fields;
  expect(shown.password).toBeUndefined();
  const rows = [2, 3, 4].map((line) => ({ line, user: `import-${line}`, mail: `${line}@example.com` }));
  await server.ask("account import", { ...of, rows, dryRun: true });
  await server.ask("account import", { ...of, rows: [...rows, { ...rows[0], line: 5 }], dryRun: false });
  expect(mails()).toEqual([]);
  await server.ask("account import", { ...of, rows, dryRun: false });
  expect(mails()).toHaveLength(3);
});

test("creates no account and sets no password if the mail cannot be written, and reports why", async () => {
  const dora = {
    ...one,
    UserMail: "dora.test@example.com",
    UserName: "dora.test",
    Password: "correct-horse",
    Bandwidth: 5,
  };
  await ask("CreateSmartAccessGatewayClientUser", dora);
  rmSync(outbox(), { recursive: true });
  writeFileSync(outbox(), "in the way");
  const refused = { code: "ServiceUnavailable", status: 503, message: expect.stringContaining("outbox") };
  await expect(
    ask("CreateSmartAccessGatewayClientUser", { ...one, UserMail: "emil@example.com", Bandwidth: 5 }),
  ).rejects.toMatchObject(refused);
  await expect(
    ask("ResetSmartAccessGatewayClientUserPassword", { ...one, UserName: "dora.test" }),
  ).rejects.toMatchObject(refused);
  await signIn(server, code, "dora.test");
  const { TotalCount } = await ask("DescribeSmartAccessGatewayClientUsers", { ...one, UserName: "emil@example.com" });
  expect(TotalCount).toBe(0);
});

test("deletes mails of a change that was rolled back, also after a crash", async () => {
  mkdirSync(outbox());
  chmodSync(outbox(), 0o700);
  writeFileSync(join(outbox(), "1-crashed.part"), "with a password");
  await server.restart();
  await expect.poll(mails).toEqual([]);
  await ask("CreateSmartAccessGatewayClientUser", { ...one, UserMail: "frieda@example.com", Bandwidth: 5 });
  theMail();
  const twice = { ...one, UserMail: "frieda@example.com", Bandwidth: 5 };
  await expect(ask("CreateSmartAccessGatewayClientUser", twice)).rejects.toMatchObject({
    code: "ClientUser.UserExist",
  });
  expect(mails()).toEqual([]);
});
