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
// Each command starts a process, which is slow on a busy host.
vi.setConfig({ testTimeout: 60_000 });

type Fields = Record<string, unknown>;
const spoken = (args: string[], input = "") => run("ctl/main.ts", ["--data", server.directory, ...args], input);
const told = async (args: string[], input = ""): Promise<Fields> => {
  const { code, stdout, stderr } = await spoken([...args, "--json"], input);
  expect([code, stderr], stdout).toEqual([0, ""]);
  return JSON.parse(stdout) as Fields;
};

test("quick-setup creates everything for a first user, and prints each value once", async () => {
  const args = [
    "quick-setup",
    "Contoso",
    "--route",
    "10.77.0.0/16",
    "--dns",
    "10.77.0.53",
    "--domain",
    "contoso.internal",
    "--search",
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
    dnsSearchDomains: ["contoso.internal"],
    accounts: 1,
  });
  expect(String(made.link)).toContain(`code=${String(made.code)}`);
  const ccn = await told(["ccn", "create", "second-network"]);
  const second = ["quick-setup", "Contoso two", "--ccn", "second-network", "--cidr", "10.87.0.0/24"];
  const other = await told([...second, "--user", "second.employee"]);
  expect(other.ccn).toBe(ccn.id);
  await told(["instance", "delete", String(other.instance), "--force"]);
  const taken = await spoken(["quick-setup", "Contoso three", "--cidr", "10.0.0.0/33", "--json"]);
  expect([taken.code, (JSON.parse(taken.stdout) as Fields).cause]).toEqual([2, "invalid_argument"]);
});

test("account import reports the maximum number of accounts per file", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "sag-import-")), "many.csv");
  writeFileSync(file, `user,mail\n${"anna.test,anna@example.com\n".repeat(2_001)}`);
  const many = await spoken(["account", "import", file, "--json"]);
  expect(many.stdout + many.stderr).toContain(
    "The file has more than 2000 accounts, which is the most that can be imported at once. Split it.",
  );
  rmSync(join(file, ".."), { recursive: true });
});

test("a request to the server has room for 2,000 accounts with the longest values", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "sag-import-")), "long.csv");
  const row = (n: number) =>
    `${`n${n}`.padEnd(33, "x")},${"😀".repeat(60)}@x.t,20000,100.100.100.100,${"p".repeat(32)}`;
  const rows = Array.from({ length: 2_000 }, (_, n) => row(n));
  writeFileSync(file, ["user,mail,bandwidth,client-ip,password", ...rows, ""].join("\n"));
  // The instance does not exist, so the server has read the whole request before it refuses.
  const refused = await spoken(["account", "import", file, "--instance", "sag-none0000", "--dry-run", "--json"]);
  expect(JSON.parse(refused.stdout)).toMatchObject({ cause: "not_found" });
  rmSync(join(file, ".."), { recursive: true });
});

test("account import --dry-run reports what would happen line by line, and changes nothing", async () => {
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
  expect(results(dry.stdout).filter(([, result]) => result === "would be created")).toEqual(
    [2, 3, 6].map((n) => [n, "would be created"]),
  );
  expect(results(dry.stdout)[2]?.[1]).toBe("refused: The account first.employee already exists.");
  expect(results(dry.stdout)[3]?.[1]).toMatch(/^refused: A user name has /);
  expect(await told(["account", "list"])).toHaveLength(1);
  // One bad line: no account is created and no password is lost.
  const none = await spoken(["account", "import", file, "--json"]);
  expect([
    none.code,
    results(none.stdout).filter(([, result]) => result?.toString().startsWith("not created")),
  ]).toEqual([1, [2, 3, 6].map((n) => [n, "not created because other lines were refused"])]);
  expect(await told(["account", "list"])).toHaveLength(1);
  const late = ["user;mail;bandwidth", "erna.test;e@contoso.com;500", "fritz.test;f@contoso.com;2 Mbit"];
  writeFileSync(file, `\ufeff${late.join("\r\n")}\r\n`, "utf16le");
  const wrong = await spoken(["account", "import", file, "--json"]);
  expect([wrong.code, (JSON.parse(wrong.stdout) as Fields).message]).toEqual([
    2,
    'line 3, column bandwidth: "2 Mbit" is not a whole number of Kbit/s.',
  ]);
  writeFileSync(file, `${[...lines.slice(0, 3), lines[5]].join("\r\n")}\r\n`);
  const done = await spoken(["account", "import", file, "--json"]);
  expect(results(done.stdout).filter(([, result]) => result === "created")).toHaveLength(3);
  // A generated password is printed once, a given one never.
  expect(done.stdout).not.toContain("Given-password-1");
  expect(await told(["account", "list"])).toHaveLength(4);
});

test("account import writes nothing of a file to the terminal that could control it", async () => {
  const sequence = "\u001b]0;owned\u0007\u009b31m\u202e";
  const file = join(directory, "hostile.csv");
  // A file that begins with control characters is refused as no text.
  const others = Array.from({ length: 60 }, (_, n) => `person.${n},p${n}@contoso.com,500\n`).join("");
  writeFileSync(file, `user,mail,bandwidth\n${others}hanna.test,h@contoso.com,${sequence}\n`);
  for (const path of [file, join(directory, `missing${sequence}.csv`)]) {
    const { code, stdout, stderr } = await spoken(["account", "import", path]);
    expect([code === 0, stdout, /[^\P{Cc}\n]|\u202e/u.test(stderr)]).toEqual([false, "", false]);
    expect(stderr).toContain("owned");
  }
});

test("a large file is refused before it is parsed", async () => {
  const large = await spoken(["account", "import", "/dev/zero"]);
  expect([large.code, large.stderr]).toEqual([2, expect.stringContaining("The file is larger than 2 MB.")]);
});

test("backup says in words what it made", async () => {
  const made = await spoken(["backup", join(directory, "copy")]);
  expect(made.stdout).toMatch(/^path +\S+\nmade at +\S+Z\naccounts +\d+\ntls +included\n$/);
  const again = await spoken(["backup", join(directory, "copy")]);
  expect(again.stderr).toBe(`${join(directory, "copy")} already exists. Choose another path.\n`);
});

test("refuses calls that cannot work or change nothing", async () => {
  const cause = async (args: string[]) => {
    const { code, stdout } = await spoken([...args, "--json"]);
    return [code === 0, (JSON.parse(stdout) as Fields).cause];
  };
  expect(await cause(["account", "import", join(directory, "nowhere.csv")])).toEqual([false, "not_found"]);
  expect(await cause(["account", "import", directory])).toEqual([false, "invalid_argument"]);
  expect(await cause(["policy", "set"])).toEqual([false, "invalid_argument"]);
  const [{ name }] = (await told(["instance", "list"])) as unknown as [{ name: string }];
  expect(await cause(["quick-setup", name])).toEqual([false, "already_exists"]);
  const set = await spoken(["dns", "set", "--server", "203.0.113.99", "--domain", "corp.example"]);
  expect([set.code, set.stderr]).toEqual([0, expect.stringContaining("sagctl route add 203.0.113.99/32")]);
  await spoken(["dns", "clear"]);
});

test("manages product accounts, access keys and quotas", async () => {
  await told(["tenant", "create", "partner"]);
  const again = await spoken(["tenant", "create", "partner", "--json"]);
  expect([again.code === 0, (JSON.parse(again.stdout) as Fields).cause]).toEqual([false, "already_exists"]);
  const words = await spoken(["tenant", "list"]);
  expect(words.stdout).toMatch(/partner/);
  const key = await told(["access-key", "create", "--role", "read-only", "--tenant", "partner"]);
  const secret = String(key.accessKeySecret);
  const listed = await spoken(["access-key", "list", "--tenant", "partner"]);
  expect(listed.stdout).toContain(String(key.accessKeyId));
  expect(listed.stdout).not.toContain(secret);
  const of = ["--tenant", "partner"];
  await told(["access-key", "disable", String(key.accessKeyId), ...of]);
  await told(["access-key", "enable", String(key.accessKeyId), ...of]);
  await told(["access-key", "delete", String(key.accessKeyId), ...of]);
  expect((await spoken(["access-key", "list", ...of])).stdout).toBe("None.\n");
  await told(["quota", "set", "cidrs-per-instance", "12", ...of]);
  const blocks = async (...args: string[]) =>
    ((await told(["quota", "list", ...args])) as unknown as Fields[]).find(({ name }) => name === "cidrs-per-instance");
  expect(await blocks(...of)).toMatchObject({ value: 12, standard: 10 });
  expect(await blocks()).toMatchObject({ value: 10 });
});

test("manages networks, ACLs and codes in all regions", async () => {
  const abroad = ["--region", "ap-southeast-1"];
  const made = await server.ask("instance create", { name: "Networked", cidrs: ["10.89.0.0/24"] });
  const { id: instance, enterpriseCode } = made as { id: string; enterpriseCode: string };
  await server.ask("tenant create", { name: "neighbour" });
  const idOf = async (...args: string[]) => String((await told(args)).id);
  const rows = async (...args: string[]) => (await told(args)) as unknown as Fields[];
  const ccn = await idOf("ccn", "create", "far away", ...abroad);
  expect((await rows("ccn", "list")).map(({ id }) => id)).toContain(ccn);
  expect(await rows("ccn", "list", ...abroad)).toMatchObject([{ id: ccn, name: "far away", cen: null, instances: 0 }]);
  const cen = await idOf("cen", "create", "backbone");
  await told(["ccn", "attach", ccn, cen]);
  const network = await idOf("network", "create", "servers", "--cidr", "10.90.0.0/16,10.91.0.0/16", ...abroad);
  await told(["cen", "attach", cen, network, ...abroad]);
  expect(await rows("cen", "children", cen)).toMatchObject([
    { id: ccn, type: "CCN", region: "ap-southeast-1" },
    { id: network, type: "VPC", name: "servers" },
  ]);
  expect(await rows("network", "list")).toContainEqual(
    expect.objectContaining({ id: network, cidrs: ["10.90.0.0/16", "10.91.0.0/16"], cenId: cen }),
  );
  const both = ["network", "set", network, "--any-access-point", "true", "--access-point", "x"];
  expect((await spoken([...both, "--json"])).code).toBe(2);
  await told(["network", "set", network, "--cidr", "10.92.0.0/16", "--any-access-point", "true"]);
  const bought = await idOf("cen", "bandwidth", "10", "China", "Asia-Pacific");
  await told(["cen", "use-bandwidth", cen, bought]);
  expect(await rows("cen", "list")).toContainEqual(expect.objectContaining({ id: cen, bandwidthPackages: [bought] }));
  await told(["quota", "set", "acls-per-account", "20"]);
  const lists: string[] = [];
  for (let n = 0; n < 11; n++) {
    const wanted = { name: `list ${n}`, type: "acl-software", region: "cn-shanghai" };
    lists.push(((await server.ask("acl create", wanted)) as { id: string }).id);
  }
  expect(await rows("acl", "list")).toHaveLength(11);
  const [acl = "", ...others] = lists;
  const rule = await idOf("acl", "add", acl, "--policy", "drop", "--dest", "10.9.0.0/16", "--priority", "7");
  expect(await rows("acl", "rules", acl)).toMatchObject([{ id: rule, destCidr: "10.9.0.0/16", priority: 7 }]);
  expect((await spoken(["acl", "rules", acl])).stdout).toMatch(
    /^ID +PRIORITY +DIRECTION .*\n.* 7 +out +drop +ALL +0\.0\.0\.0\/0 +all +10\.9\.0\.0\/16 +all +0 +0.*$/m,
  );
  await told(["acl", "use", acl, instance]);
  await told(["acl", "unuse", acl, instance]);
  await told(["acl", "remove", acl, rule]);
  for (const one of others) await server.ask("acl delete", { acl: one });
  await told(["acl", "delete", acl]);
  expect(await told(["code", "create", "zz999"])).toEqual({ code: "ZZ999", isDefault: false });
  await told(["code", "use", "ZZ999", instance]);
  await told(["code", "use", enterpriseCode, instance]);
  await told(["code", "delete", "ZZ999"]);
  expect(JSON.stringify(await rows("code", "list"))).not.toContain("ZZ999");
  const { hops } = await told(["instance", "hops", instance]);
  expect(hops).toContainEqual(expect.objectContaining({ kind: "instance", whole: true }));
  expect((await spoken(["instance", "hops", instance])).stdout).toMatch(/^KIND +NAME +ID +OK/);
  await told(["cen", "detach", cen, network]);
  await told(["network", "delete", network]);
  await told(["ccn", "detach", ccn, cen]);
  const partner = await idOf("ccn", "create", "of a neighbour", "--tenant", "neighbour");
  expect((await rows("ccn", "list")).map(({ id }) => id)).not.toContain(partner);
  expect((await rows("ccn", "list", "--tenant", "neighbour")).map(({ id }) => id)).toContain(partner);
  await server.ask("instance delete", { instance, force: true });
}, 240_000);

test("reports a missing keychain for --remember before it asks for the secret", async () => {
  const bare = ["env", "-u", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus", "XDG_RUNTIME_DIR=/nowhere"];
  const flags = ["--server", server.running.url, "--access-key-id", "LTAIabsent", "--remember"];
  for (const more of [["--secret-stdin"], []]) {
    const args = [...flags, ...more, "instance", "list", "--json"];
    const { code, stdout, stderr } = await run("ctl/main.ts", args, "a secret\n", bare);
    expect([code, (JSON.parse(stdout) as Fields).cause]).toEqual([58, "keychain_unavailable"]);
    // Without the error of the keychain library.
    expect(stdout + stderr).not.toMatch(/d-?bus|zbus|platform|a secret/i);
  }
});

test("works remotely, with the secret on stdin and a verified certificate", async () => {
  const key = await told(["access-key", "create", "--role", "administrator"]);
  const secret = `${String(key.accessKeySecret)}\n`;
  const url = server.running.url.replace("127.0.0.1", "localhost");
  const ca = ["--ca", join(server.directory, "tls", "ca.pem")];
  const afar = (more: string[], input: string, verb = ["instance", "list"]) =>
    run(
      "ctl/main.ts",
      ["--server", url, "--access-key-id", String(key.accessKeyId), ...more, ...verb, "--json"],
      input,
    );
  const listed = await afar([...ca, "--secret-stdin"], secret);
  expect(listed.stdout).toContain("Contoso");
  expect([listed.code, listed.stderr]).toEqual([0, ""]);
  const made = await afar([...ca, "--secret-stdin"], secret, ["tenant", "create", "afar"]);
  expect(made.code).toBe(0);
  const theirs = await afar([...ca, "--secret-stdin"], secret, ["ccn", "create", "theirs", "--tenant", "afar"]);
  expect(theirs.code).toBe(0);
  expect(JSON.stringify(await told(["ccn", "list", "--tenant", "afar"]))).toContain('"theirs"');
  const wrong = await afar([...ca, "--secret-stdin"], "not the secret\n");
  expect([wrong.code === 0, wrong.stdout.includes("SignatureDoesNotMatch")]).toEqual([false, true]);
  const unknown = await afar(["--secret-stdin"], secret);
  expect((JSON.parse(unknown.stdout) as Fields).cause).toBe("instance_identity_unknown");
  const nobody = await afar(ca, "");
  expect(nobody.code).not.toBe(0);
  expect(JSON.stringify([listed, made, wrong, unknown, nobody])).not.toContain(secret.trim());
  // The audit names the key as the actor.
  expect(JSON.stringify(await told(["audit", "list", "--limit", "5"]))).toContain(String(key.accessKeyId));
});
