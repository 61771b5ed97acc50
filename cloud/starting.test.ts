import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { needsOrdinaryUser, needsRoot } from "../test/harness/needs.ts";
import { Refusal } from "./base/cause.ts";
import { locally } from "./ctl/connection.ts";
import { type Running, serve } from "./serve.ts";
import { hello } from "./testing/access-point.ts";
import { newDevice, password, refusal } from "./testing/person.ts";
import { clientsOf, get } from "./testing/server.ts";

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const start = (directory: string, listen = "127.0.0.1:0", more: object = {}): Promise<Running> =>
  serve({ data: directory, listen, log: () => {}, ...more });

/** The cause of a refused start; its text is one sentence. */
async function refused(starting: Promise<Running>): Promise<string> {
  const error = await starting.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).message).toMatch(/^[^\n]+\.$/);
  return (error as Refusal).code;
}

test("refuses a directory in use, a taken port, a foreign address and invalid arguments", async () => {
  const first = await start(join(base, "first"));
  expect(await refused(start(join(base, "first")))).toBe("data_directory_in_use");
  const second = join(base, "second");
  expect(await refused(start(second, new URL(first.url).host))).toBe("port_in_use");
  expect(await refused(start(second, "192.0.2.1:0"))).toBe("invalid_argument");
  expect(await refused(start(second, "nonsense"))).toBe("invalid_argument");
  const file = join(base, "not-a-certificate");
  writeFileSync(file, "nothing");
  expect(await refused(start(second, undefined, { tlsCert: file, tlsKey: file }))).toBe("invalid_argument");
  expect(await refused(start(second, undefined, { tlsCert: file }))).toBe("invalid_argument");
  expect(await refused(start(file))).toBe("not_a_real_path");
  await first.stop();
  await (await start(join(base, "first"))).stop();
});

test("refuses a source checkout or a directory with other files, and leaves it unchanged", async () => {
  const checkout = fileURLToPath(new URL(".", import.meta.url));
  const before = readdirSync(checkout);
  const mode = statSync(checkout).mode;
  expect(await refused(start(checkout))).toBe("invalid_argument");
  expect([readdirSync(checkout), statSync(checkout).mode]).toEqual([before, mode]);
  const home = join(base, "home");
  mkdirSync(home, { mode: 0o755 });
  writeFileSync(join(home, ".profile"), "");
  expect(await refused(start(home))).toBe("invalid_argument");
  expect([readdirSync(home), statSync(home).mode & 0o777]).toEqual([[".profile"], 0o755]);
  // A data directory in a checkout is refused, with advice on how to move it.
  const used = join(base, "used");
  await (await start(used)).stop();
  writeFileSync(join(used, "notes.txt"), "allowed");
  await (await start(used)).stop();
  writeFileSync(join(used, "main.ts"), "");
  await expect(start(used)).rejects.toThrow("move cloud.db*, keys.db* and tls there.");
});

test("keys and sockets are accessible only to their owner", async () => {
  const directory = join(base, "modes");
  const running = await start(directory);
  for (const name of ["lock", "admin.sock", "tls/key.pem", "tls/ca.key", "tls/spare.key"]) {
    expect([name, statSync(join(directory, name)).mode & 0o077]).toEqual([name, 0]);
  }
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await running.stop();
});

test("sagctl finds its server if the directory's path is too long for a socket", async () => {
  const directory = join(base, "x".repeat(60), "y".repeat(60));
  const running = await start(directory);
  expect(await locally(directory)("instance list", {})).toEqual([]);
  await running.stop();
  await expect(locally(directory)("instance list", {})).rejects.toThrow("No server (sag-cloud) is running");
});

test("refuses a data directory that is not writable (as an ordinary user)", async (context) => {
  needsOrdinaryUser(context);
  const directory = join(base, "readonly");
  mkdirSync(directory);
  chmodSync(directory, 0o500);
  expect(await refused(start(join(directory, "data")))).toBe("storage_readonly");
});

/** A small file system of its own. */
function mounted(name: string, options: string): { directory: string; release: () => void } {
  const directory = join(base, name);
  mkdirSync(directory);
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]);
  return { directory, release: () => execFileSync("umount", ["-l", directory]) };
}

test("refuses a read-only file system", async (context) => {
  needsRoot(context);
  const disk = mounted("ro", "ro");
  try {
    expect(await refused(start(join(disk.directory, "data")))).toBe("storage_readonly");
  } finally {
    disk.release();
  }
});

test("reports a full disk at start", async (context) => {
  needsRoot(context);
  const disk = mounted("tiny", "size=64k");
  try {
    expect(await refused(start(join(disk.directory, "data")))).toBe("storage_full");
  } finally {
    disk.release();
  }
});

test("reports a disk that fills up while running, loses nothing, and continues afterwards", async (context) => {
  needsRoot(context);
  const disk = mounted("full", "size=6m");
  try {
    const directory = join(disk.directory, "data");
    const running = await start(directory);
    const ask = locally(directory);
    const made = (await ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] })) as Record<string, string>;
    await ask("account create", { user: "anna.test", mail: "a@example.com", password, mustChange: false });
    const ready = async () => {
      const response = await get(running.url, "/readyz");
      return [response.status, response.body];
    };
    expect(await ready()).toEqual([200, '{"ready":true}']);
    const filler = join(disk.directory, "filler");
    expect(() => execFileSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k"], { stdio: "ignore" })).toThrow();
    expect(await untilRefused(ask)).toContain("no space left");
    const request = {
      hello,
      enterpriseCode: made.enterpriseCode ?? "",
      userName: "anna.test",
      password,
      device: newDevice(),
    };
    const { client } = clientsOf(running.url);
    expect((await refusal(client.signIn(request))).word).toBe("storage_full");
    expect((await client.discover(request)).displayName).toBe("Contoso");
    // The result of a check is kept for a second.
    await vi.waitFor(async () => expect(await ready()).toEqual([503, '{"ready":false}']), { timeout: 5_000 });
    expect(await ask("server status", {})).toEqual({ ready: false, reason: "The disk is full." });
    rmSync(filler);
    await vi.waitFor(async () => expect(await ready()).toEqual([200, '{"ready":true}']), { timeout: 5_000 });
    await client.signIn(request);
    await running.stop();
  } finally {
    disk.release();
  }
});

/** On a full disk, writes that fit into existing pages may still succeed. */
async function untilRefused(ask: ReturnType<typeof locally>): Promise<string> {
  for (let i = 0; i < 200; i++) {
    try {
      await ask("instance create", { name: "x".repeat(100), cidrs: ["10.86.0.0/24"] });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return "it never was full";
}
