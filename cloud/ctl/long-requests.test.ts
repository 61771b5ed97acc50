import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Terminal } from "../../test/harness/terminal.ts";
import { until } from "../../test/harness/wait.ts";
import type { AccountView } from "../domain/accounts/accounts.ts";
import type { Imported } from "../domain/accounts/import.ts";
import { Secret } from "../security/secret.ts";
import { makeInstance } from "../testing/person.ts";
import { startServer, type TestServer } from "../testing/server.ts";
import { answerLimit } from "./long-requests.ts";
import { postTimes, runRemotely } from "./signed-post.ts";

vi.setConfig({ testTimeout: 120_000 });

const count = 40;
let server: TestServer;
let key: { accessKeyId: string; accessKeySecret: string };
let relay: Relay;
beforeAll(async () => {
  server = await startServer();
  key = (await server.ask("access-key create", { role: "administrator" })) as typeof key;
  relay = await startRelay();
}, 60_000);
afterAll(async () => {
  relay.close();
  await server.close();
});

/** Between sagctl and the server. */
interface Relay {
  url: URL;
  /** Number of connections so far. */
  connections: number;
  /** Called for each request when it has been sent completely; from then on, the answer is held back until `release`. */
  sent: (held: { lose(): void; release(): void }) => void;
  close(): void;
}

/** The request of an import is longer than this, and the TLS handshake is shorter, bytes. */
const handshakeSize = 4_000;

async function startRelay(): Promise<Relay> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    state.connections++;
    const target = connect(Number(new URL(server.running.url).port), "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    target.on("close", () => client.destroy());
    client.on("close", () => target.destroy());
    let size = 0;
    client.on("data", (chunk) => {
      target.write(chunk);
      const before = size;
      size += chunk.length;
      if (before > handshakeSize || size <= handshakeSize) return;
      target.pause();
      const release = () => {
        // The next request on this connection.
        size = 0;
        target.resume();
      };
      state.sent({ lose: () => client.destroy(), release });
    });
    target.on("data", (chunk) => client.write(chunk));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const state: Relay = {
    url: new URL(`https://localhost:${(listener.address() as AddressInfo).port}`),
    connections: 0,
    sent: ({ release }) => release(),
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
  return state;
}

const rowsOf = (prefix: string) =>
  Array.from({ length: count }, (_, i) => ({
    line: i + 2,
    user: `${prefix}.number${i}`,
    mail: `${prefix}.number${i}@example.com`,
  }));

function importVia(instance: string, prefix: string, times: Partial<typeof postTimes> = {}, url = relay.url) {
  const ca = readFileSync(join(server.directory, "tls", "ca.pem"));
  const to = { server: url, accessKeyId: key.accessKeyId, secret: new Secret(key.accessKeySecret), ca };
  const parameters = { instance, dryRun: false, rows: rowsOf(prefix) };
  const command = { operation: "account import", parameters, tenant: undefined };
  return runRemotely(to, command, { ...postTimes, pause: 100, ...times });
}

const accounts = async (instance: string) => (await server.ask("account list", { instance })) as AccountView[];

const answered = () => server.lines.filter(({ message }) => message === "admin request").length;

/** Checks that these are the results of a complete import: each line with a password. */
function expectCreated({ status, body }: Awaited<ReturnType<typeof importVia>>): void {
  const results = body.Result as Imported[];
  expect([status, new Set(results.map(({ result }) => result))]).toEqual([200, new Set(["created"])]);
  expect(new Set(results.map(({ password }) => password)).size).toBe(count);
}

test("a connection that is lost while the server creates accounts: the passwords still arrive, and no account is made twice", async () => {
  const { id } = await makeInstance(server, "10.86.0.0/24");
  let lost = 0;
  relay.sent = ({ lose, release }) => (lost++ === 0 ? lose() : release());
  expectCreated(await importVia(id, "lost"));
  expect([lost, (await accounts(id)).length]).toEqual([2, count]);
});

test("an answer that is lost after the server has created the accounts arrives with the next attempt", async () => {
  const { id } = await makeInstance(server, "10.87.0.0/24");
  const before = answered();
  let lost = 0;
  relay.sent = ({ lose, release }) => {
    if (lost++ > 0) release();
    else void until("the first answer", () => answered() > before, 60_000).then(lose);
  };
  expectCreated(await importVia(id, "late"));
  expect([lost, (await accounts(id)).length]).toEqual([2, count]);
});

test("the time for sending does not limit the time for the answer", async () => {
  const { id } = await makeInstance(server, "10.88.0.0/24");
  relay.sent = ({ release }) => void setTimeout(release, 4_500);
  expectCreated(await importVia(id, "slow", { send: 4_000 }));
});

test("says that the request may still be carried out if the server does not answer in time", async () => {
  const { id } = await makeInstance(server, "10.89.0.0/24");
  const before = answered();
  relay.sent = () => {};
  const failed = await importVia(id, "never", { answer: () => 1_000 }).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    code: "answer_missing",
    message: `${relay.url.host} has received the request, but has not answered yet (no answer within 1 s). The request may still be carried out.`,
  });
  await until("the server's own end", () => answered() > before, 60_000);
  expect((await accounts(id)).length).toBe(count);
});

test("a server that cannot be connected to is unreachable, as before", async () => {
  const failed = await importVia("none", "none", {}, new URL("https://localhost:9")).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "instance_unreachable" });
});

test("waits longer for more accounts", () => {
  const limit = (rows: number, dryRun = false) =>
    answerLimit({ operation: "account import", parameters: { dryRun, rows: Array(rows).fill({}) } });
  expect([limit(0), limit(2_000), limit(2_000, true)]).toEqual([60_000, 1_060_000, 60_000]);
  expect(answerLimit({ operation: "instance list", parameters: {} })).toBe(60_000);
});

function csvOf(prefix: string): string {
  const file = join(server.directory, `${prefix}.csv`);
  writeFileSync(
    file,
    `user,mail\n${rowsOf(prefix)
      .map(({ user, mail }) => `${user},${mail}`)
      .join("\n")}\n`,
  );
  return file;
}

const main = join(import.meta.dirname, "main.ts");

test("Ctrl-C at a terminal: an import announces how long it takes, and the server creates nothing", async () => {
  const { id } = await makeInstance(server, "10.90.0.0/24");
  const args = ["--data", server.directory, "account", "import", csvOf("cancel"), "--instance", id];
  const terminal = new Terminal([process.execPath, main, ...args], process.env);
  await terminal.shows(`Creating ${count} accounts; this takes about 4 s.`, 30_000);
  terminal.type("\x03");
  await terminal.shows("Interrupted. The server stops the import and creates none of the accounts", 30_000);
  expect(await terminal.ended()).toBe(130);
  // If the accounts had been created, this import of the same ones would be refused.
  const parameters = { instance: id, dryRun: false, rows: rowsOf("cancel") };
  const results = (await server.ask("account import", parameters)) as Imported[];
  expect(new Set(results.map(({ result }) => result))).toEqual(new Set(["created"]));
});

test("an interrupt of a remote import says that the server goes on", async () => {
  const { id } = await makeInstance(server, "10.91.0.0/24");
  const flags = ["--server", relay.url.href, "--access-key-id", key.accessKeyId, "--secret-stdin"];
  const ca = ["--ca", join(server.directory, "tls", "ca.pem")];
  const args = [main, ...flags, ...ca, "account", "import", csvOf("remote"), "--instance", id];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "pipe"] });
  relay.sent = () => child.kill("SIGINT");
  child.stdin.end(`${key.accessKeySecret}\n`);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, stderr]).toEqual([130, expect.stringContaining("The server goes on and creates the accounts")]);
  await until("the accounts", async () => (await accounts(id)).length === count, 60_000);
});
