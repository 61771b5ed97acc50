import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerAccessPoint } from "../../testing/access-point.ts";
import { makeAccount, makeInstance, signIn } from "../../testing/person.ts";
import { startServer, type TestServer } from "../../testing/server.ts";
import { defaultRules } from "./admission.ts";

const times = { headersMs: 700, bodyMs: 500 };
let server: TestServer;
const open = new Set<{ destroy(): void }>();
beforeAll(async () => {
  server = await startServer(undefined, { times });
});
afterAll(async () => {
  for (const one of open) one.destroy();
  await server.close();
});

const port = () => Number(new URL(server.running.url).port);
const call = "/sag.client.v1.ClientService/Discover";

/** A TLS connection from a given loopback address. */
function secure(from: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { port: port(), host: "127.0.0.1", localAddress: from, rejectUnauthorized: false };
    const socket = connect(options, () => resolve(socket));
    open.add(socket);
    socket.on("error", reject);
  });
}

const closed = (socket: TLSSocket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));

function http2(): ClientHttp2Session {
  const session = connectHttp2(server.running.url, { rejectUnauthorized: false });
  session.on("error", () => {});
  open.add(session);
  return session;
}

/** Sends a request whose body does not end; returns the status and the time until the server ended the stream, ms. */
function unfinished(session: ClientHttp2Session, path: string): Promise<{ status: number; ms: number }> {
  const start = performance.now();
  return new Promise((resolve) => {
    const headers = { ":method": "POST", ":path": path, "content-type": "application/json" };
    const stream = session.request(headers, { endStream: false });
    let status = 0;
    stream.on("response", (answer) => {
      status = answer[":status"] ?? 0;
    });
    stream.on("error", () => {});
    stream.resume();
    stream.on("close", () => resolve({ status, ms: performance.now() - start }));
    stream.write("{");
  });
}

test("HTTP/2: answers 408 to requests whose body does not end, and keeps the server's streams open", async () => {
  const here = await registerAccessPoint(server.running.url, server.ask, "here");
  await here.connect();
  const session = http2();
  const all = await Promise.all(Array.from({ length: 200 }, () => unfinished(session, call)));
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set([408]));
  expect(Math.max(...all.map(({ ms }) => ms))).toBeLessThan(times.bodyMs + 4_000);
  // Its Watch call has been open for longer than the deadline for requests.
  const listed = (await server.ask("access-point list", {})) as { online: boolean }[];
  expect(listed.map(({ online }) => online)).toEqual([true]);
});

test("ends an answered request whether or not its body arrives", async () => {
  const { status, ms } = await unfinished(http2(), "/nothing/here");
  expect([status, ms < times.bodyMs]).toEqual([404, true]);
});

test("refuses incomplete requests beyond the limit per address immediately", async () => {
  const sessions = [http2(), http2()];
  const all = await Promise.all(
    Array.from({ length: defaultRules.incomplete + 50 }, (_, i) =>
      unfinished(sessions[i % 2] as ClientHttp2Session, call),
    ),
  );
  const refused = all.filter(({ status }) => status === 503);
  expect(refused.length).toBe(50);
  expect((await unfinished(http2(), call)).status).toBe(408);
});

test("does not log an error if a caller leaves in the middle of its request", async () => {
  const session = http2();
  const path = "/sag.accesspoint.v1.AccessPointService/Watch";
  const headers = { ":method": "POST", ":path": path, "content-type": "application/connect+proto" };
  // With each error code of RFC 9113, 7.
  const codes = Array.from({ length: 14 }, (_, code) => code);
  const streams = codes.map(() => session.request(headers, { endStream: false }));
  for (const stream of streams) {
    stream.on("error", () => {});
    stream.write(Buffer.from([0, 0, 0]));
  }
  // Answered only after those have started.
  await unfinished(session, "/nothing/here");
  for (const [code, stream] of streams.entries()) stream.close(code);
  const calls = () => server.lines.filter(({ fields }) => fields.call === path.slice(1) && fields.cause !== "");
  await expect.poll(() => calls().length, { timeout: 5_000 }).toBe(codes.length);
  expect(server.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("HTTP/1.1: closes connections whose header or body does not end, and silent ones", async () => {
  const [slowHeader, slowBody, silent] = await Promise.all([1, 2, 3].map(() => secure("127.0.0.1")));
  const text = new Promise<string>((resolve) => {
    let all = "";
    slowBody?.on("data", (chunk) => {
      all += chunk;
    });
    slowBody?.on("close", () => resolve(all));
  });
  slowHeader?.resume().write("POST / HTTP/1.1\r\nHost: localhost\r\n");
  slowBody?.write(
    `POST ${call} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  );
  silent?.resume();
  expect(await text).toMatch(/^HTTP\/1.1 408 /);
  await Promise.all([slowHeader, silent].flatMap((socket) => (socket ? closed(socket) : [])));
});

test("silent connections do not block other addresses, nor authenticated connections of the same address", async () => {
  const session = http2();
  const here = await registerAccessPoint(server.running.url, server.ask, "there");
  await here.connect();
  const silent: TLSSocket[] = [];
  let ended = 0;
  for (let i = 0; i < defaultRules.perAddress + 100; i++) {
    // They send complete requests and then stay idle, so the deadlines do not apply to them.
    const socket = await secure("127.0.0.1");
    socket.on("close", () => ended++);
    socket.resume().write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    silent.push(socket);
  }
  const others = await secure("127.0.0.2");
  const answer = new Promise<string>((resolve) => others.once("data", (chunk) => resolve(String(chunk))));
  others.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1.1 200 /);
  await expect.poll(() => ended).toBeGreaterThanOrEqual(100);
  expect(ended).toBeLessThan(110);
  // The oldest unauthenticated connection of that address was closed; the access point's stream was not.
  expect(session.closed || session.destroyed).toBe(true);
  const listed = (await server.ask("access-point list", {})) as { name: string; online: boolean }[];
  expect(listed.find(({ name }) => name === "there")?.online).toBe(true);
});

/** A connection on which a call of its account was answered. */
async function proven(token: string, from: string): Promise<TLSSocket> {
  const socket = await secure(from);
  const answered = new Promise((resolve) => socket.once("data", resolve));
  const head = `POST /sag.client.v1.ClientService/ListDevices HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nAuthorization: Bearer ${token}\r\n`;
  socket.write(`${head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
  expect(String(await answered)).toMatch(/^HTTP\/1\.1 200/);
  return socket;
}

test("limits connections per account, and closes them when it is disabled", async () => {
  const instance = await makeInstance(server, "10.87.0.0/24");
  await makeAccount(server, instance.id, "greedy.test");
  await makeAccount(server, instance.id, "modest.test");
  const greedy = await signIn(server, instance.code, "greedy.test");
  const modest = await signIn(server, instance.code, "modest.test");
  const other = await proven(modest.tokens.access, "127.0.0.9");
  const sockets: TLSSocket[] = [];
  for (let i = 0; i < defaultRules.perOwner; i++) sockets.push(await proven(greedy.tokens.access, "127.0.0.8"));
  const first = [closed(sockets[0] as TLSSocket), closed(sockets[1] as TLSSocket)];
  for (let i = 0; i < 2; i++) sockets.push(await proven(greedy.tokens.access, "127.0.0.8"));
  await Promise.all(first);
  expect(sockets.filter((socket) => !socket.destroyed)).toHaveLength(defaultRules.perOwner);
  const rest = sockets.slice(2).map(closed);
  await server.ask("account disable", { instance: instance.id, user: "greedy.test" });
  await Promise.all(rest);
  expect(other.destroyed).toBe(false);
}, 30_000);

test("a kick closes only the account's current connections", async () => {
  const instance = await makeInstance(server, "10.88.0.0/24");
  for (const user of ["kicked.test", "seated.test"]) await makeAccount(server, instance.id, user);
  const person = await signIn(server, instance.code, "kicked.test");
  const other = await signIn(server, instance.code, "seated.test");
  const idle = await proven(person.tokens.access, "127.0.0.10");
  const others = await proven(other.tokens.access, "127.0.0.10");
  const session = connectHttp2(server.running.url, { rejectUnauthorized: false });
  const authorization = `Bearer ${person.tokens.access}`;
  const call = session.request({
    ":method": "POST",
    ":path": "/sag.client.v1.ClientService/ListDevices",
    "content-type": "application/json",
    authorization,
  });
  call.end("{}");
  await new Promise((resolve) => call.resume().once("close", resolve));
  const ended = [closed(idle), new Promise((resolve) => session.once("close", resolve))];
  await server.ask("account kick", { instance: instance.id, user: "kicked.test", reason: "go" });
  // A kicked user may return immediately; new connections stay open.
  const again = await proven(person.tokens.access, "127.0.0.10");
  await Promise.all(ended);
  expect([others.destroyed, again.destroyed]).toEqual([false, false]);
}, 30_000);
