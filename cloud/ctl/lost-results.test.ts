import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { killAll, run, spawnServer } from "../testing/process.ts";

let base = "";
let data = "";
let full = -1;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "sag-lost-"));
  data = join(base, "data");
  full = openSync("/dev/full", "w");
  await spawnServer(data);
  writeFileSync(join(base, "people.csv"), "user,mail\nberta.test,b@example.com\n");
}, 60_000);
afterAll(() => {
  killAll();
  closeSync(full);
  rmSync(base, { recursive: true, force: true });
});
vi.setConfig({ testTimeout: 60_000 });

/** Runs a program with stdout on a full device. */
function withoutRoom(entry: string, args: string[]): { code: number | null; stderr: string } {
  const program = join(import.meta.dirname, "..", entry);
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  return { code: status, stderr };
}

test("fails if a secret cannot be written, and says how to get another one", async () => {
  const made = await run("ctl/main.ts", ["--data", data, "quick-setup", "Contoso", "--json"]);
  expect(made.code).toBe(0);
  const verbs: [args: string[], remedy: RegExp][] = [
    [["quick-setup", "Fabrikam", "--json"], /sagctl instance delete sag-\S+ --force/],
    [
      ["account", "create", "anna.test", "--instance", "Contoso", "--mail", "a@example.com"],
      /account reset-password anna\.test/,
    ],
    [["account", "import", join(base, "people.csv"), "--instance", "Contoso"], /account reset-password USER/],
    [["access-point", "token", "create", "--json"], /access-point token remove \S+/],
    [["access-key", "create", "--role", "read-only"], /access-key delete \S+/],
    [["link", "create", "--instance", "Contoso"], /could not be written/],
    [["instance", "list"], /could not be written/],
    [["version"], /could not be written/],
    [["--help"], /could not be written/],
  ];
  for (const [args, remedy] of verbs) {
    const { code, stderr } = withoutRoom("ctl/main.ts", ["--data", data, ...args]);
    expect([args, code, stderr]).toEqual([args, 56, expect.stringMatching(/could not be written: the disk is full\./)]);
    expect(stderr).toMatch(remedy);
  }
});

test("reports a failure on stderr if stdout cannot be written", () => {
  const { code, stderr } = withoutRoom("ctl/main.ts", ["--data", data, "instance", "show", "nothing", "--json"]);
  expect([code, stderr]).toEqual([78, expect.stringContaining("nothing")]);
});

test("a server whose ready line cannot be written exits", () => {
  const args = ["serve", "--data", join(base, "other"), "--listen", "127.0.0.1:0", "--json"];
  const { code, stderr } = withoutRoom("main.ts", args);
  expect([code, stderr]).toEqual([56, expect.stringContaining("could not be written")]);
});

test("quick-setup --output creates a private file and never replaces one", async () => {
  const file = join(base, "setup.json");
  const setup = (name: string) => run("ctl/main.ts", ["--data", data, "quick-setup", name, "--output", file]);
  const first = await setup("Northwind");
  expect(first).toMatchObject({ code: 0, stderr: "" });
  const kept = readFileSync(file, "utf8");
  expect(JSON.parse(kept)).toMatchObject({ user: "first.user", password: expect.any(String) });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(first.stdout).not.toContain((JSON.parse(kept) as { password: string }).password);
  const second = await setup("Northwind");
  expect([second.code, second.stderr]).toEqual([
    79,
    `The file ${file} already exists; nothing was changed. Choose another file.\n`,
  ]);
  expect(readFileSync(file, "utf8")).toBe(kept);
  // A refused setup leaves no file behind.
  rmSync(file);
  expect((await setup("Northwind")).code).toBe(79);
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
});

test("a path that begins with ~ creates no directory of that name", async () => {
  for (const [entry, ...args] of [
    ["main.ts", "serve", "--data=~/sag", "--listen=127.0.0.1:0"],
    ["main.ts", "serve", `--data=${join(base, "third")}`, "--listen=127.0.0.1:0", "--log-file=~/sag.log"],
    ["ctl/main.ts", "--data=~/sag", "instance", "list"],
    ["ctl/main.ts", `--data=${data}`, "quick-setup", "Contoso", "--output=~/setup.json"],
  ] as ["main.ts" | "ctl/main.ts", ...string[]][]) {
    const { code, stderr } = await run(entry, args);
    expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining("begins with ~")]);
  }
});
