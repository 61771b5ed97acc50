import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { fingerprintGroups } from "../../common/fingerprint.ts";
import { killAll, run } from "../testing/process.ts";
import { startServer, type TestServer } from "../testing/server.ts";
import { durationSeconds, list, onOff, wholeNumber } from "./arguments.ts";
import { widthOf } from "./columns.ts";
import { duration, fields, ports } from "./output.ts";
import { render, table } from "./table.ts";

describe("arguments", () => {
  test.each([
    ["90", 90],
    ["90s", 90],
    ["15m", 900],
    ["12h", 43_200],
    ["7d", 604_800],
  ])("%s is %d s", (text, seconds) => expect(durationSeconds(text)).toBe(seconds));
  test.each(["", "-1", "1.5h", "1 h", "1w"])("%j is not a duration", (text) =>
    expect(() => durationSeconds(text)).toThrow(),
  );
  test("parses numbers, switches and lists", () => {
    expect([wholeNumber("0"), wholeNumber("1034717258645507"), onOff("on"), onOff("No")]).toEqual([
      0,
      1034717258645507,
      true,
      false,
    ]);
    expect(() => wholeNumber("1e3")).toThrow();
    expect(() => onOff("maybe")).toThrow();
    expect(list("b, c", ["a"])).toEqual(["a", "b", "c"]);
  });
});

describe("output for people", () => {
  test("tables are aligned with wide characters, and cannot control a terminal", () => {
    const rows = [
      { name: "a\u001b[31m", n: 1 },
      { name: "名字", n: null },
      { n: 2, more: true },
    ];
    expect(render(table(rows)).split("\n")).toEqual(["NAME    N  MORE", "a [31m  1", "名字    -", "        2  yes"]);
    expect(render(table([]))).toBe("None.");
    expect(fields({ a: true, long: "x" })).toBe("a     yes\nlong  x");
    expect([0, 59, 90_061].map(duration)).toEqual(["0s", "59s", "1d 1h 1m"]);
  });
  test("tables show names before ids", () => {
    const first = (row: Record<string, string>) =>
      render(table([row]))
        .split("\n")[0]
        ?.split(/ +/);
    expect(first({ id: "1", name: "a", at: "b" })).toEqual(["NAME", "ID", "AT"]);
    expect(first({ id: "1", user: "a" })).toEqual(["USER", "ID"]);
    expect(first({ name: "a", id: "1" })).toEqual(["NAME", "ID"]);
    expect(first({ id: "1", at: "b" })).toEqual(["ID", "AT"]);
  });
  test("ports are shown as they are said", () => {
    expect(["-1/-1", "22/22", "80/443"].map(ports)).toEqual(["all", "22", "80-443"]);
  });
  test("tables fit the terminal: the widest columns shrink first, to a common width", () => {
    const rows = [{ id: "sag-1", routes: "10.0.0.0/8 172.16.0.0/12", name: "名字名字名字名字名字" }];
    expect(render(table(rows), 80)).toBe(render(table(rows)));
    expect(render(table(rows), 30).split("\n")).toEqual([
      "ROUTES      NAME        ID",
      "10.0.0.0/…  名字名字…   sag-1",
    ]);
    expect(render(table(rows), 9).split("\n")).toEqual(["…  …  …", "…  …  …"]);
    for (let width = 1; width <= 60; width++) {
      for (const line of render(table(rows), width).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });
});

describe("as a command", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    killAll();
    await server.close();
  });
  // Each test starts a process, which is slow on a busy host.
  vi.setConfig({ testTimeout: 60_000 });

  const sagctl = (args: string[], input = "") => run("ctl/main.ts", ["--data", server.directory, ...args], input);

  test("creates everything from an empty directory to an account and a link, with only JSON on stdout", async () => {
    const made = await sagctl(["instance", "create", "Contoso", "--cidr", "10.86.0.0/24", "--code", "ab12c", "--json"]);
    expect(JSON.parse(made.stdout)).toMatchObject({
      name: "Contoso",
      enterpriseCode: "AB12C",
      cidrs: ["10.86.0.0/24"],
    });
    const args = [
      "account",
      "create",
      "anna.test",
      "--mail",
      "a@example.com",
      "--password-stdin",
      "--bandwidth",
      "0",
      "--json",
    ];
    const account = await sagctl(args, "correct-horse\n");
    expect(JSON.parse(account.stdout)).toMatchObject({ userName: "anna.test", bandwidth: 0, disabled: false });
    expect(account.stdout).not.toContain("correct-horse");
    const link = await sagctl(["link", "create", "--json"]);
    const host = new URL(server.running.url).host;
    const [pin, spare] = server.running.pins.map(encodeURIComponent);
    const text = `sag://enroll?server=${encodeURIComponent(host)}&code=AB12C&pin=${pin}&pin=${spare}`;
    expect((JSON.parse(link.stdout) as { link: string }).link).toBe(text);
    expect([made.code, account.code, link.code, made.stderr]).toEqual([0, 0, 0, ""]);
  });

  test("imports accounts from stdin", async () => {
    const done = await sagctl(["account", "import", "-", "--json"], "user,mail\ncarla.test,c@example.com\n");
    expect(done.code, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject([{ line: 2, user: "carla.test", result: "created" }]);
  });

  test("prints the server's fingerprint as clients show it", async () => {
    const { stdout, code } = await sagctl(["server", "fingerprint"]);
    const [pin = ""] = server.running.pins;
    const shown = fingerprintGroups(Buffer.from(pin.replace("sha256/", ""), "base64url").toString("hex"));
    expect(shown).toMatch(/^[0-9a-f]{4}( [0-9a-f]{4}){15}$/);
    expect([code, stdout.split("\n").slice(0, 2)]).toEqual([
      0,
      [`SHA-256 fingerprint of the public key of ${server.running.url}:`, shown],
    ]);
  });

  test("lists the instances if several match, and reports broken rules", async () => {
    await sagctl(["instance", "create", "Fabrikam", "--cidr", "10.87.0.0/24"]);
    const { stderr, code } = await sagctl(["account", "list"]);
    expect([code, stderr]).toEqual([
      2,
      "There are several instances (Contoso, Fabrikam). Choose one with --instance NAME.\n",
    ]);
    const rule = await sagctl(["acl", "add", "acl-1"]);
    expect([rule.code, rule.stderr]).toEqual([2, expect.stringContaining("--policy <accept|drop>")]);
    await sagctl(["instance", "delete", "Fabrikam"]);
  });

  test("failures have a cause, one sentence, an action and an exit code", async () => {
    const wrong = await sagctl(["account", "create", "short", "--mail", "a@example.com", "--json"]);
    expect(Object.keys(JSON.parse(wrong.stdout) as object)).toEqual(["cause", "message", "action"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, ""]);
    const unknown = await sagctl(["account", "show", "nobody.test"]);
    expect([unknown.code, unknown.stdout]).toEqual([78, ""]);
    expect(unknown.stderr).toMatch(/^There is no account nobody\.test in this instance\. .+\.\n$/);
    const away = await run("ctl/main.ts", ["--data", "/nonexistent", "instance", "list", "--json"]);
    // Soon, without the message that it waits for a server.
    expect([away.code, away.stderr, JSON.parse(away.stdout)]).toEqual([
      78,
      "",
      {
        cause: "not_found",
        message: "The directory /nonexistent does not exist.",
        action: "Specify the server's data directory with --data.",
      },
    ]);
    const nowhere = await run("ctl/main.ts", ["account", "list"]);
    expect(nowhere.stderr).toBe("Specify --data DIR, or --server URL with --access-key-id ID.\n");
    const unknownOption = await sagctl(["instance", "show", "--frobnicate"]);
    expect(unknownOption.stderr).toBe("error: unknown option '--frobnicate'\nSee sagctl instance show --help.\n");
    expect(JSON.parse((await sagctl(["instance", "show", "--frobnicate", "--json"])).stdout)).toMatchObject({
      action: "See sagctl instance show --help.",
    });
    const lease = await sagctl(["policy", "set", "--lease", "1s"]);
    expect(lease.stderr).toBe("--lease: lease must be a duration from 10s to 31d.\n");
  });

  test("removes an address block, but not the last one", async () => {
    await sagctl(["cidr", "add", "10.88.0.0/24"]);
    const removed = await sagctl(["cidr", "remove", "10.88.0.0/24"]);
    expect(removed).toMatchObject({ code: 0, stdout: "Removed 10.88.0.0/24.\n", stderr: "" });
    const last = await sagctl(["cidr", "remove", "10.86.0.0/24"]);
    expect([last.code, last.stdout, last.stderr]).toEqual([
      2,
      "",
      "Clients of this instance cannot get an address without an address block. Add another one first.\n",
    ]);
    expect((await sagctl(["cidr", "list"])).stdout).toBe("CIDR\n10.86.0.0/24\n");
    await sagctl(["route", "add", "10.5.0.0/16"]);
    expect((await sagctl(["route", "remove", "10.5.0.0/16"])).stdout).toBe("Removed 10.5.0.0/16.\n");
  });
});
