import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Refusal } from "./base/cause.ts";
import { locally } from "./ctl/connection.ts";
import { serve } from "./serve.ts";
import { backUp } from "./store/backup.ts";
import { missingFrames, readWal, readWalIndex } from "./store/wal.ts";
import { hello } from "./testing/access-point.ts";
import { newDevice, password } from "./testing/person.ts";
import { killAll, run, spawnServer } from "./testing/process.ts";
import { clientsOf } from "./testing/server.ts";

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
});
afterEach(killAll);
afterAll(() => rmSync(base, { recursive: true, force: true }));
// Each test starts processes, which are slow on a busy host.
vi.setConfig({ testTimeout: 60_000 });

/** A running server with an instance and some accounts. */
async function company(name: string, accounts: number) {
  const directory = join(base, name);
  const server = await spawnServer(directory);
  const ask = locally(directory);
  const made = (await ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] })) as {
    enterpriseCode: string;
  };
  const account = (i: number) =>
    ask("account create", { user: `person.${i}`, mail: "p@example.com", password, mustChange: false });
  for (let i = 0; i < accounts; i++) await account(i);
  return { directory, server, ask, code: made.enterpriseCode, account };
}

const ctl = (...args: string[]) => run("ctl/main.ts", [...args, "--json"]);
const accountsIn = async (directory: string) =>
  ((await locally(directory)("account list", {})) as { userName: string }[]).length;

const options = { listen: "127.0.0.1:0", log: () => {} };

/** The cause with which a start fails. */
async function refused(directory: string): Promise<string> {
  const error = await serve({ ...options, data: directory }).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ code: "storage_damaged", message: expect.stringMatching(/^[^\n]+\.$/) });
  return (error as Refusal).message;
}

/** Starts and stops a server; returns its number of accounts. */
async function starts(directory: string, more: { acceptIncomplete?: boolean } = {}): Promise<number> {
  const running = await serve({ ...options, ...more, data: directory });
  const instances = (await locally(directory)("instance list", {})) as unknown[];
  const accounts = instances.length === 0 ? 0 : await accountsIn(directory);
  await running.stop();
  return accounts;
}

test.each(["copy", "copy.tar.gz"])(
  "sagctl backup %s of a server that is being changed, and restore elsewhere",
  async (name) => {
    const { directory, server, code, account } = await company(`changing-${name}`, 3);
    const { client } = clientsOf(server.url);
    const request = { hello, enterpriseCode: code, userName: "person.0", password, device: newDevice() };
    const { signedIn } = await client.signIn(request);
    let going = true;
    const changing = (async () => {
      for (let i = 100; going; i++) await account(i);
    })();
    const path = join(base, name);
    const made = await ctl("backup", path, "--data", directory);
    going = false;
    await changing;
    expect([made.code, made.stderr]).toEqual([0, ""]);
    const { accounts } = JSON.parse(made.stdout) as { accounts: number };
    expect(accounts).toBeGreaterThanOrEqual(3);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect((await ctl("backup", path, "--data", directory)).code).toBe(79);
    await server.kill("SIGKILL");

    const elsewhere = join(base, `elsewhere-${name}`);
    const restored = await ctl("restore", path, "--data", elsewhere);
    expect([restored.code, restored.stderr, JSON.parse(restored.stdout)]).toMatchObject([
      0,
      "",
      { accounts, replaced: null },
    ]);
    const second = await spawnServer(elsewhere);
    expect(second.pin).toBe(server.pin);
    expect(await accountsIn(elsewhere)).toBe(accounts);
    // Users stay signed in.
    const refreshToken = signedIn?.tokens?.refreshToken ?? "";
    await clientsOf(second.url).client.refresh({ hello, refreshToken, deviceId: request.device.id });
    expect((await ctl("restore", path, "--data", elsewhere)).code).toBe(76);
    await second.kill("SIGTERM");
    expect((await ctl("restore", path, "--data", elsewhere)).code).toBe(79);
    const replaced = await ctl("restore", path, "--data", elsewhere, "--replace");
    expect(existsSync(join((JSON.parse(replaced.stdout) as { replaced: string }).replaced, "cloud.db"))).toBe(true);
    expect(readdirSync(base).filter((file) => file.startsWith(".sag-backup"))).toEqual([]);
    await (await spawnServer(elsewhere)).kill("SIGTERM");
  },
);

test("a backup contains QoS policies and flow logs, and the instances that have them", async () => {
  const { directory, server, ask } = await company("traffic", 0);
  const region = "cn-shanghai";
  const [{ id: instance }] = (await ask("instance list", {})) as [{ id: string }];
  const { id: qos } = (await ask("qos create", { name: "calls", region })) as { id: string };
  await ask("qos add-car", { qos, car: { priority: 1, limitType: "Absolute", minAbs: 2, maxAbs: 6 } });
  const anything = { sourceCidr: "0.0.0.0/0", destCidr: "0.0.0.0/0", sourcePorts: "-1/-1", destPorts: "-1/-1" };
  await ask("qos add-policy", { qos, rule: { priority: 1, protocol: "ALL", ...anything } });
  await ask("qos use", { qos, instance });
  const { id: flowLog } = (await ask("flow-log create", { region, netflowServerIp: "10.9.9.9" })) as { id: string };
  await ask("flow-log use", { flowLog, instance });
  const all = (from: typeof ask) =>
    Promise.all([
      from("qos show", { qos }),
      from("qos list", {}),
      from("qos classes", { instance }),
      from("flow-log list", {}),
      from("flow-log of", { instance }),
    ]);
  const before = await all(ask);
  expect(before[2]).toMatchObject({ qosId: qos, classes: [{ rules: [{ protocol: "ALL" }] }] });
  expect(before[4]).toMatchObject([{ id: flowLog }]);
  const path = join(base, "traffic.tar.gz");
  expect((await ctl("backup", path, "--data", directory)).code).toBe(0);
  await server.kill("SIGKILL");
  const elsewhere = join(base, "traffic-restored");
  expect((await ctl("restore", path, "--data", elsewhere)).code).toBe(0);
  const restored = await spawnServer(elsewhere);
  expect(await all(locally(elsewhere))).toEqual(before);
  await restored.kill("SIGTERM");
});

test("backs up without a server, and refuses invalid targets", async () => {
  const { directory, server } = await company("at-rest", 2);
  await server.kill("SIGKILL");
  const made = await ctl("backup", join(base, "rest"), "--data", directory);
  expect(JSON.parse(made.stdout)).toMatchObject({ accounts: 2, tls: true });
  expect((await ctl("backup", join(base, "no/such/folder"), "--data", directory)).code).toBe(2);
  expect((await ctl("backup", join(base, "x"), "--data", join(base, "nowhere"))).code).toBe(78);
  expect((await ctl("restore", join(base, "nothing"), "--data", join(base, "new"))).code).toBe(78);
  expect(existsSync(join(base, "nowhere"))).toBe(false);
});

test.each(["stolen.tar.gz", "stolen.tar", "stolen"])(
  "other users cannot get at a backup in progress by planting files: %s",
  async (name) => {
    const { directory, server } = await company(`watched-${name}`, 1);
    await server.kill("SIGTERM");
    const open = join(base, `open-${name}`);
    mkdirSync(open);
    chmodSync(open, 0o1777);
    const planted: string[] = [];
    // Like another user in /tmp: when the work folder appears, create its name with every suffix, and the target's name.
    const watcher = watch(open, (_event, file) => {
      if (!file?.startsWith(".sag-backup-") || file.includes(".tar") || planted.length > 0) return;
      for (const end of [".tar", ".tar.gz", ".part", ".new", ".tmp"]) {
        const path = join(open, `${file}${end}`);
        writeFileSync(path, "", { flag: "wx" });
        chmodSync(path, 0o666);
        planted.push(path);
      }
      symlinkSync(join(base, "elsewhere-by-link"), join(open, name));
    });
    const made = await backUp(directory, join(open, name), Date.now()).catch((e: unknown) => e);
    watcher.close();
    expect(planted).toHaveLength(5);
    expect(planted.map((path) => statSync(path).size)).toEqual([0, 0, 0, 0, 0]);
    expect(made).toMatchObject({ code: "already_exists" });
    expect(existsSync(join(base, "elsewhere-by-link"))).toBe(false);
    expect(readdirSync(open).filter((file) => file.startsWith(".sag-backup") && !/\.\w+$/.test(file.slice(1)))).toEqual(
      [],
    );
  },
);

test("starts with cloud.db and tls but without keys.db; keys.db without cloud.db reports what is missing", async () => {
  const { directory, server, code } = await company("parts", 2);
  await server.kill("SIGTERM");
  const without = join(base, "without-keys");
  for (const name of ["cloud.db", "tls"]) cpSync(join(directory, name), join(without, name), { recursive: true });
  const again = await spawnServer(without);
  expect(again.pin).toBe(server.pin);
  const request = { hello, enterpriseCode: code, userName: "person.1", password, device: newDevice() };
  await clientsOf(again.url).client.signIn(request);
  const key = (await run("ctl/main.ts", ["access-key", "create", "--role", "read-only", "--data", without, "--json"]))
    .stdout;
  expect(JSON.parse(key)).toBeTypeOf("object");
  const only = join(base, "only-keys");
  cpSync(join(directory, "keys.db"), join(only, "keys.db"));
  expect(await refused(only)).toContain("no cloud.db");
});

test("detects a cloud.db copied from a running server without its WAL, at any time", async () => {
  const directory = join(base, "live");
  const server = await spawnServer(directory);
  const fresh = join(base, "live-fresh");
  cpSync(join(directory, "cloud.db"), join(fresh, "cloud.db"));
  expect(await refused(fresh)).toContain("copied from a running server");
  await locally(directory)("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] });
  expect(await refused(fresh)).toContain("copied from a running server");
  const later = join(base, "live-later");
  cpSync(join(directory, "cloud.db"), join(later, "cloud.db"));
  expect(await refused(later)).toContain("copied from a running server");
  // Four kilobytes, as of a new server: it contains no tables.
  const start = join(base, "live-start");
  cpSync(join(directory, "cloud.db"), join(start, "cloud.db"));
  truncateSync(join(start, "cloud.db"), 4_096);
  await refused(start);
  const said = await run("main.ts", ["serve", "--data", later, "--listen", "127.0.0.1:0", "--json"]);
  expect([said.code, JSON.parse(said.stdout), said.stderr]).toMatchObject([61, { cause: "storage_damaged" }, ""]);
  await starts(later, { acceptIncomplete: true });
  await starts(later);
  await server.kill("SIGKILL");
  // With its WAL it is complete, however its server ended.
  await starts(directory);
});

test("detects a WAL that is truncated or damaged anywhere, but accepts a complete one", async () => {
  const { directory, server } = await company("log", 20);
  await server.kill("SIGKILL");
  const wal = readFileSync(join(directory, "cloud.db-wal"));
  const shm = readFileSync(join(directory, "cloud.db-shm"));
  const frames = readWalIndex(shm)?.frames ?? 0;
  expect([readWal(wal)?.validFrames, missingFrames(wal, shm)]).toEqual([frames, 0]);
  expect(frames).toBeGreaterThan(20);
  for (let length = 0; length < 32 + frames * 4_120; length += 1_531) {
    expect([length, missingFrames(wal.subarray(0, length), shm) > 0]).toEqual([length, true]);
    const bent = Buffer.from(wal);
    bent[length] = (bent[length] ?? 0) ^ 0x10;
    // The salt in the header distinguishes this WAL from another one.
    if (length < 16 || length >= 24) expect([length, missingFrames(bent, shm) > 0]).toEqual([length, true]);
  }
  for (let length = 0; length < shm.length && length < 200; length += 7) {
    expect(missingFrames(wal, shm.subarray(0, length))).toBe(0);
  }
  const cut = join(base, "log-cut");
  cpSync(directory, cut, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  truncateSync(join(cut, "cloud.db-wal"), Math.floor(wal.length / 2));
  expect(await refused(cut)).toContain("truncated or damaged");
  // The refusal changed nothing, so the missing part can be restored.
  writeFileSync(join(cut, "cloud.db-wal"), wal);
  expect(await starts(cut)).toBe(20);
});

test("detects a truncated or overwritten file", async () => {
  const { directory, server } = await company("file", 5);
  await server.kill("SIGTERM");
  const file = readFileSync(join(directory, "cloud.db"));
  const bent = join(base, "file-bent");
  cpSync(join(directory, "cloud.db"), join(bent, "cloud.db"));
  truncateSync(join(bent, "cloud.db"), file.length - 4_096);
  await refused(bent);
  writeFileSync(join(bent, "cloud.db"), "nothing that a database begins with");
  await refused(bent);
  for (let page = 1; page < file.length / 4_096; page += 7) {
    const copy = Buffer.from(file);
    copy.fill(0xa5, page * 4_096, page * 4_096 + 200);
    writeFileSync(join(bent, "cloud.db"), copy);
    await refused(bent);
  }
});
