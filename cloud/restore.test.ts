import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { needsRoot } from "../test/harness/needs.ts";
import { locally } from "./ctl/connection.ts";
import { serve } from "./serve.ts";
import { backUp, countAccounts } from "./store/backup.ts";
import { lockDirectory } from "./store/lock.ts";
import { restore } from "./store/restore.ts";
import { run } from "./testing/process.ts";

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
vi.setConfig({ testTimeout: 120_000 });

const options = { listen: "127.0.0.1:0", log: () => {} };
const keyOf = (directory: string) => readFileSync(join(directory, "tls/key.pem"), "utf8");
const password = "correct-horse";

/** The data directory of a stopped server with this many accounts. */
async function company(name: string, accounts: number): Promise<string> {
  const directory = join(base, name);
  const running = await serve({ ...options, data: directory });
  const ask = locally(directory);
  await ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] });
  for (let i = 0; i < accounts; i++) {
    await ask("account create", { user: `person.${i}`, mail: "p@example.com", password, mustChange: false });
  }
  await running.stop();
  return directory;
}

function killedAt(step: number, from: string, directory: string): NodeJS.Signals | null {
  const program = join(import.meta.dirname, "testing/restore-killed.ts");
  const done = spawnSync(process.execPath, [program, from, directory, String(step)], { encoding: "utf8" });
  if (done.signal === null && done.status !== 0) throw new Error(done.stderr);
  return done.signal;
}

test.each([["over a server's data"], ["into a directory that is empty"]])(
  "a restore %s that is killed at any point is complete or undone",
  async (where) => {
    const fresh = await company(`fresh ${where}`, 1);
    const backup = join(base, `backup ${where}.tar.gz`);
    await backUp(fresh, backup, Date.now());
    const before = where.startsWith("over") ? await company("old", 2) : undefined;
    const outcomes: string[] = [];
    for (let step = 1; ; step++) {
      const directory = join(base, `killed ${where} ${step}`);
      if (before !== undefined) cpSync(before, directory, { recursive: true });
      else mkdirSync(directory);
      const signal = killedAt(step, backup, directory);
      // The next process to lock the directory: serve, migrate, backup or restore.
      lockDirectory(directory)();
      const names = readdirSync(directory);
      expect([step, names.filter((name) => name.startsWith(".") || name === "lock-journal")]).toEqual([step, []]);
      const is = !names.includes("cloud.db") ? "empty" : keyOf(directory) === keyOf(fresh) ? "new" : "old";
      outcomes.push(is);
      if (is !== "empty") expect([step, countAccounts(directory)]).toEqual([step, is === "new" ? 1 : 2]);
      if (is === "old") expect([step, keyOf(directory)]).toEqual([step, keyOf(before as string)]);
      if (is === "new" && before !== undefined) {
        const aside = names.find((name) => name.startsWith("replaced-")) ?? "";
        expect([step, countAccounts(join(directory, aside)), keyOf(join(directory, aside))]).toEqual([
          step,
          2,
          keyOf(before),
        ]);
      }
      if (signal !== "SIGKILL") break;
    }
    // The former data before the journal is written, the new data after.
    const former = before === undefined ? "empty" : "old";
    const journal = outcomes.indexOf("new");
    expect(journal).toBe(3);
    expect(outcomes.length).toBeGreaterThan(6);
    expect(outcomes).toEqual(outcomes.map((_, i) => (i < journal ? former : "new")));
    const last = join(base, `killed ${where} ${journal + 2}`);
    await (await serve({ ...options, data: last })).stop();
    // An interrupted restore can be repeated immediately.
    const again = join(base, `again ${where}`);
    mkdirSync(again);
    killedAt(2, backup, again);
    expect(readdirSync(again).some((name) => name.startsWith(".restore-"))).toBe(true);
    expect(await restore(backup, again, false, Date.now())).toMatchObject({ accounts: 1, replaced: null });
  },
);

test("leftovers of an interrupted restore of an earlier version do not prevent a start", async () => {
  const directory = join(base, "left");
  mkdirSync(join(directory, ".restored-abc"), { recursive: true });
  mkdirSync(join(directory, ".restore-def"));
  for (const name of ["lock", "lock-journal"]) writeFileSync(join(directory, name), "");
  await (await serve({ ...options, data: directory })).stop();
  expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
});

test("refuses a truncated archive with one sentence and changes nothing", async () => {
  const fresh = await company("cut", 1);
  const backup = join(base, "cut.tar.gz");
  await backUp(fresh, backup, Date.now());
  writeFileSync(backup, readFileSync(backup).subarray(0, 4_000));
  const directory = join(base, "cut-target");
  const said = await run("ctl/main.ts", ["restore", backup, "--data", directory, "--json"]);
  expect([said.code, JSON.parse(said.stdout)]).toMatchObject([61, { cause: "storage_damaged" }]);
  expect(readdirSync(directory).filter((name) => name !== "lock")).toEqual([]);
});

test("reports a full disk in one sentence and leaves nothing behind (as root: mounts a small disk)", async (context) => {
  needsRoot(context);
  const fresh = await company("large", 1);
  const backup = join(base, "large.tar.gz");
  await backUp(fresh, backup, Date.now());
  const target = join(base, "small");
  mkdirSync(target);
  const script =
    'mount -t tmpfs -o size=200k none "$1" && "$2" "$3" restore "$4" --data "$1/data" --json; code=$?; ls -A "$1/data" >&2; exit $code';
  const main = join(import.meta.dirname, "ctl/main.ts");
  const args = ["-m", "sh", "-c", script, "sh", target, process.execPath, main, backup];
  const said = spawnSync("unshare", args, { encoding: "utf8" });
  expect(JSON.parse(said.stdout)).toMatchObject({
    cause: "storage_full",
    message: expect.stringMatching(/^[^\n]+\.$/),
  });
  expect(said.stderr.trim()).toBe("lock");
  expect(existsSync(join(target, "data"))).toBe(false);
});
