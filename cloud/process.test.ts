import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { locally } from "./ctl/connection.ts";
import { hello, registerAccessPoint } from "./testing/access-point.ts";
import { newDevice, newKey, password } from "./testing/person.ts";
import { killAll, run, spawnServer } from "./testing/process.ts";
import { clientsOf, get } from "./testing/server.ts";

let base = "";
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
});
afterAll(() => {
  killAll();
  rmSync(base, { recursive: true, force: true });
});
// Each test starts processes, which are slow on a busy host.
vi.setConfig({ testTimeout: 60_000 });

test("sagctl waits for a server that is starting", async () => {
  const directory = join(base, "starting");
  const asked = run("ctl/main.ts", ["--data", directory, "instance", "list", "--json"]);
  const server = await spawnServer(directory);
  const answered = await asked;
  expect([answered.code, answered.stdout]).toEqual([0, "[]\n"]);
  await server.kill("SIGTERM");
});

test("logs uncaught exceptions and unhandled rejections, and keeps serving", async () => {
  const faulty = `process.on("SIGUSR2", () => {
    void Promise.reject(new Error("no one waits for this"));
    throw new Error("no one catches this");
  });`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(faulty)}`;
  const server = await spawnServer(join(base, "faulty"), "127.0.0.1:0", [], ["env", `NODE_OPTIONS=${preload}`]);
  for (let round = 0; round < 2; round++) {
    process.kill(server.pid, "SIGUSR2");
    expect((await get(server.url, "/healthz")).status).toBe(200);
  }
  const { code, stderr } = await server.kill("SIGTERM");
  expect(code).toBe(0);
  const logged = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; message: string; error?: string })
    .filter(({ level }) => level === "error");
  expect(new Set(logged.map(({ message }) => message))).toEqual(
    new Set(["an exception that nothing caught", "a failure that nothing waited for"]),
  );
  for (const { error } of logged) expect(error).toMatch(/^Error: no one [\s\S]+\n +at /);
});

test("after kill -9, everything acknowledged is stored and the lock is released", async () => {
  const directory = join(base, "killed");
  const first = await spawnServer(directory);
  const port = new URL(first.url).port;
  const ask = locally(directory);
  const made = (await ask("instance create", { name: "Contoso", cidrs: ["10.86.0.0/24"] })) as {
    enterpriseCode: string;
  };
  await ask("account create", { user: "anna.test", mail: "a@example.com", password, mustChange: false });
  const here = await registerAccessPoint(first.url, ask, "here");
  await here.connect();
  const device = newDevice();
  const request = { hello, enterpriseCode: made.enterpriseCode, userName: "anna.test", password, device };
  const { signedIn } = await clientsOf(first.url).client.signIn(request);
  const dialling = clientsOf(first.url, signedIn?.tokens?.accessToken).client;
  const { session } = await dialling.dial({ hello, mode: 1, publicKey: newKey() });
  // Changes continue until the kill; count what was answered.
  let answered = 0;
  const changing = (async () => {
    for (let i = 0; ; i++) {
      await ask("route add", { routes: [`10.${i >> 8}.${i & 255}.0/24`] });
      answered = i + 1;
    }
  })().catch(() => {});
  await expect.poll(() => answered, { interval: 5, timeout: 20_000 }).toBeGreaterThan(20);
  await first.kill("SIGKILL");
  await changing;
  expect(existsSync(join(directory, "admin.sock"))).toBe(true);

  const second = await spawnServer(directory, `127.0.0.1:${port}`);
  expect(second.pin).toBe(first.pin);
  const shown = (await ask("instance show", {})) as { routes: string[]; accounts: number; sessions: number };
  expect(shown.routes.length).toBeGreaterThanOrEqual(answered);
  expect([shown.accounts, shown.sessions]).toEqual([1, 1]);
  await here.connect();
  expect(here.peers.get(session?.sessionId ?? "")?.publicKey).toHaveLength(32);
  await clientsOf(second.url, session?.sessionToken).session.renew({ hello });
  await clientsOf(second.url, signedIn?.tokens?.accessToken).client.dial({ hello, mode: 1, publicKey: newKey() });

  const other = await run("main.ts", ["serve", "--data", directory, "--listen", "127.0.0.1:0", "--json"]);
  expect(JSON.parse(other.stdout)).toMatchObject({ cause: "data_directory_in_use" });
  expect([other.code, other.stdout.trim().split("\n").length, other.stderr]).toEqual([76, 1, ""]);
  const words = await run("main.ts", ["serve", "--listen", "127.0.0.1:0"]);
  expect([words.code, words.stdout]).toEqual([2, ""]);
  expect(words.stderr).not.toMatch(/\n\s+at |node:internal/);
  const ended = await second.kill("SIGTERM");
  expect(ended.code).toBe(0);
});
