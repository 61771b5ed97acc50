import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { killAll, run } from "../testing/process.ts";
import { startServer, type TestServer } from "../testing/server.ts";

let server: TestServer;
let directory: string;
beforeAll(async () => {
  server = await startServer();
  directory = mkdtempSync(join(tmpdir(), "sagctl-"));
});
afterAll(async () => {
  killAll();
  rmSync(directory, { recursive: true, force: true });
  await server.close();
});
// Each command starts a process, and machines are busy.
vi.setConfig({ testTimeout: 60_000 });

type Fields = Record<string, unknown>;
const spoken = (args: string[], input = "") => run("ctl/main.ts", ["--data", server.directory, ...args], input);
const told = async (args: string[], input = ""): Promise<Fields> => {
  const { code, stdout, stderr } = await spoken([...args, "--json"], input);
  expect([code, stderr], stdout).toEqual([0, ""]);
  return JSON.parse(stdout) as Fields;
};

test("quick-setup makes all that a first employee needs, and says each thing once", async () => {
  const args = [
    "quick-setup",
    "Contoso",
    "--route",
    "10.77.0.0/16",
    "--dns",
    "10.77.0.53",
    "--domain",
    "contoso.internal",
  ];
  const made = await told([...args, "--user", "first.employee", "--mail", "first@contoso.com"]);
  expect(Object.keys(made).sort()).toEqual(
    ["accessPointToken", "ccn", "code", "instance", "link", "password", "user"].sort(),
  );
  expect(await told(["instance", "show", String(made.instance)])).toMatchObject({
    routes: ["10.77.0.0/16"],
    dnsServers: ["10.77.0.53"],
    dnsDomains: ["contoso.internal"],
    accounts: 1,
  });
  expect(String(made.link)).toContain(`code=${String(made.code)}`);
  const ccn = await told(["ccn", "create", "second-network"]);
  const second = ["quick-setup", "Contoso two", "--ccn", "second-network", "--cidr", "10.87.0.0/24"];
  const other = await told([...second, "--user", "second.employee"]);
  expect(other.ccn).toBe(ccn.CcnId);
  await told(["instance", "delete", String(other.instance), "--force"]);
  const taken = await spoken(["quick-setup", "Contoso three", "--cidr", "10.0.0.0/33", "--json"]);
  expect([taken.code, (JSON.parse(taken.stdout) as Fields).cause]).toEqual([2, "invalid_argument"]);
});

test("account import --dry-run says what would be done, line by line, and does nothing", async () => {
  const file = join(directory, "people.csv");
  const lines = [
    "user,mail,bandwidth,client-ip,password",
    "berta.test,berta@contoso.com,500,,",
    '"carl.test","carl@contoso.com",,,',
    "first.employee,again@contoso.com,,,",
    "x,short@contoso.com,,,",
    "dora.test,dora@contoso.com,,,Given-password-1",
  ];
  writeFileSync(file, `${lines.join("\r\n")}\r\n`);
  const dry = await spoken(["account", "import", file, "--dry-run", "--json"]);
  const results = (text: string) =>
    (JSON.parse(text) as { line: number; result: string }[]).map((r) => [r.line, r.result]);
  expect([dry.code, results(dry.stdout).map(([line]) => line)]).toEqual([1, [2, 3, 4, 5, 6]]);
  expect(results(dry.stdout).filter(([, result]) => result === "would be made")).toEqual(
    [2, 3, 6].map((n) => [n, "would be made"]),
  );
  expect(results(dry.stdout)[2]?.[1]).toMatch(/^refused: There is an account first\.employee/);
  expect(await told(["account", "list"])).toHaveLength(1);
  const done = await spoken(["account", "import", file, "--json"]);
  expect(results(done.stdout).filter(([, result]) => result === "made")).toHaveLength(3);
  // A made password is told once; a given one is not told again.
  expect(done.stdout).not.toContain("Given-password-1");
  expect(await told(["account", "list"])).toHaveLength(4);
});

test("tenants, access keys, quotas", async () => {
  await told(["tenant", "create", "partner"]);
  const again = await spoken(["tenant", "create", "partner", "--json"]);
  expect([again.code === 0, (JSON.parse(again.stdout) as Fields).cause]).toEqual([false, "already_exists"]);
  const words = await spoken(["tenant", "list"]);
  expect(words.stdout).toMatch(/partner/);
  const key = await told(["access-key", "create", "--role", "read-only", "--tenant", "partner"]);
  const secret = String(key.AccessKeySecret);
  const listed = await spoken(["access-key", "list", "--tenant", "partner"]);
  expect(listed.stdout).toContain(String(key.AccessKeyId));
  expect(listed.stdout).not.toContain(secret);
  const of = ["--tenant", "partner"];
  await told(["access-key", "disable", String(key.AccessKeyId), ...of]);
  await told(["access-key", "enable", String(key.AccessKeyId), ...of]);
  await told(["access-key", "delete", String(key.AccessKeyId), ...of]);
  expect((await spoken(["access-key", "list", ...of])).stdout).toBe("None.\n");
  await told(["quota", "set", "cidrs-per-instance", "12", ...of]);
  const quotas = JSON.stringify(await told(["quota", "list", ...of]));
  expect(quotas).toMatch(/"Name":"cidrs-per-instance"[^}]*12/);
  expect(JSON.stringify(await told(["quota", "list"]))).not.toMatch(/"Name":"cidrs-per-instance"[^}]*12/);
});

test("from afar: the secret by standard input, the certificate verified", async () => {
  const key = await told(["access-key", "create", "--role", "administrator"]);
  const secret = `${String(key.AccessKeySecret)}\n`;
  const url = server.running.url.replace("127.0.0.1", "localhost");
  const ca = ["--ca", join(server.directory, "tls", "ca.pem")];
  const afar = (more: string[], input: string, verb = ["instance", "list"]) =>
    run(
      "ctl/main.ts",
      ["--server", url, "--access-key-id", String(key.AccessKeyId), ...more, ...verb, "--json"],
      input,
    );
  const listed = await afar([...ca, "--secret-stdin"], secret);
  expect(listed.stdout).toContain("Contoso");
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  const made = await afar([...ca, "--secret-stdin"], secret, ["tenant", "create", "afar"]);
  expect(made.code).toBe(0);
  const wrong = await afar([...ca, "--secret-stdin"], "not the secret\n");
  expect([wrong.code === 0, wrong.stdout.includes("SignatureDoesNotMatch")]).toEqual([false, true]);
  const unknown = await afar(["--secret-stdin"], secret);
  expect((JSON.parse(unknown.stdout) as Fields).cause).toBe("instance_identity_unknown");
  const nobody = await afar(ca, "");
  expect(nobody.code).not.toBe(0);
  expect(JSON.stringify([listed, made, wrong, unknown, nobody])).not.toContain(secret.trim());
  // Who did it stands in the audit by the key.
  expect(JSON.stringify(await told(["audit", "list", "--limit", "5"]))).toContain(String(key.AccessKeyId));
});
