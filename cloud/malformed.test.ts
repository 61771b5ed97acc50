import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hello } from "./testing/access-point.ts";
import { malformed, seeded, sendMalformed } from "./testing/malformed.ts";
import { killAll, type ServeProcess, spawnServer } from "./testing/process.ts";
import { clientsOf } from "./testing/server.ts";

/** Number of requests; SAG_MALFORMED=100000 for the long run. */
const count = Number(process.env.SAG_MALFORMED ?? 3_000);
const seed = Number(process.env.SAG_SEED ?? Date.now() % 2 ** 31);
// Starts a server of its own, which is slow on a busy host.
vi.setConfig({ testTimeout: Math.max(120_000, count * 20), hookTimeout: 60_000 });

let base = "";
let server: ServeProcess;
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "sag-cloud-"));
  server = await spawnServer(join(base, "data"));
});
afterAll(() => {
  killAll();
  rmSync(base, { recursive: true, force: true });
});

const port = () => Number(new URL(server.url).port);
const discover = () =>
  clientsOf(server.url)
    .client.discover({ hello, enterpriseCode: "ZZZZZ" })
    .then(
      () => "answered",
      (error: unknown) => String(error),
    );

/** Answers to an unknown enterprise code, before and after the rate limit. */
const answered = /\[(not_found|resource_exhausted)\]/;

/** Sends bytes over TLS and HTTP/1.1; returns the status line of the answer, "" = closed without one. */
function statusLine(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: port(), host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
    let text = "";
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text.split("\r\n", 1)[0] ?? ""));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.includes("\r\n")) socket.destroy();
    });
    socket.on("secureConnect", () => socket.write(bytes));
  });
}

test("answers 400 to an invalid Host header and keeps running", async () => {
  const call = "POST /sag.client.v1.ClientService/Discover HTTP/1.1\r\n";
  const rest = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  for (const host of ["[", "a b", "%", "", "[::1]:99999", "user@", "^"]) {
    expect([host, await statusLine(`${call}Host: ${host}\r\n${rest}`)]).toEqual([
      host,
      expect.stringMatching(/^HTTP\/1.1 400/),
    ]);
  }
  const absent = await statusLine(`POST /sag.client.v1.ClientService/Discover HTTP/1.0\r\n${rest}`);
  expect(absent).toMatch(/^HTTP\/1.1 400/);
  expect(await statusLine(`${call}Host: localhost\r\n${rest}`)).toMatch(/^HTTP\/1.1 400/);
  expect(await discover()).toMatch(answered);
});

const residentKb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);

test(`${count} malformed requests neither end the process nor grow its memory`, async () => {
  process.stdout.write(`malformed requests: ${count}, SAG_SEED=${seed}\n`);
  const random = seeded(seed);
  let left = count;
  let sent = 0;
  let warm = 0;
  const worker = async () => {
    while (left-- > 0) {
      await sendMalformed(malformed(random), port());
      if (++sent === Math.floor(count / 2)) warm = residentKb();
    }
  };
  await Promise.all(Array.from({ length: 24 }, worker));
  expect(await discover()).toMatch(answered);
  expect(residentKb() - warm).toBeLessThan(64 * 1024);
  const ended = await server.kill("SIGTERM");
  expect([ended.code, ended.stderr.match(/"level":"error".*/g)?.slice(0, 3)]).toEqual([0, undefined]);
});
