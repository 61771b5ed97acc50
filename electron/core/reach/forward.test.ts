import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { until } from "../../../test/harness/wait.ts";
import type { IntranetState } from "../client/model.ts";
import { openForward } from "./forward.ts";
import { sharedLists } from "./owner.ts";

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const bound = async (): Promise<Socket> => {
  const socket = createSocket("udp4");
  opened.push(socket);
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

interface Opened {
  port: number;
  failures: unknown[];
  /** The ports whose owner was looked up. */
  lookedUp: number[];
}

/** Forwards datagrams to an echo server. `strangers` are the ports of another user's sockets. */
const forward = async (strangers: Set<number>): Promise<Opened> => {
  const echo = await bound();
  echo.on("message", (message, from) => echo.send(message, from.port, from.address));
  const failures: unknown[] = [];
  const lookedUp: number[] = [];
  const at = await openForward(
    { protocol: "udp", listen: { address: "127.0.0.1", port: 0 }, host: "127.0.0.1", port: echo.address().port },
    {
      way: async () => ({ intranet: "corp", mode: "system", socks: null }) as unknown as IntranetState,
      uid: 1000,
      onFailure: (thrown) => failures.push(thrown),
      ownSocket: async (_, { port }) => {
        lookedUp.push(port);
        return strangers.has(port) ? null : `${port}`;
      },
    },
  );
  opened.push(at);
  return { port: Number(at.at.split(":")[1]), failures, lookedUp };
};

it("sources of other users take no slots and are reported once", async () => {
  const strangers = new Set<number>();
  const { port, failures, lookedUp } = await forward(strangers);
  const others = await Promise.all(Array.from({ length: 300 }, bound));
  for (const other of others) strangers.add(other.address().port);
  let answers = 0;
  for (const other of others) other.on("message", () => answers++);
  // In small groups, so that none is dropped from the socket's buffer.
  for (let i = 0; i < others.length; i += 20) {
    for (const other of others.slice(i, i + 20)) other.send("let me in", port, "127.0.0.1");
    await until("the look-ups", () => lookedUp.length === i + 20);
  }
  const own = await bound();
  const answered = once(own, "message");
  own.send("hello", port, "127.0.0.1");
  expect(String((await answered)[0])).toBe("hello");
  expect(answers).toBe(0);
  expect(failures).toHaveLength(1);
});

it("lookups during a read share the next read", async () => {
  const readings: (() => void)[] = [];
  const read = sharedLists(() => new Promise((done) => readings.push(() => done(`reading ${readings.length}`))));
  const first = read("udp");
  await Promise.resolve();
  const later = [read("udp"), read("udp"), read("udp")];
  expect(readings).toHaveLength(1);
  readings[0]?.();
  expect(await first).toBe("reading 1");
  await Promise.resolve();
  expect(readings).toHaveLength(2);
  readings[1]?.();
  expect(await Promise.all(later)).toEqual(["reading 2", "reading 2", "reading 2"]);
});

it("reads the state once for many connections, and again if its proxy is gone", async () => {
  let reads = 0;
  const proxies: { port: number; close(): void }[] = [];
  const startProxy = async (): Promise<void> => {
    const server = createServer((client) =>
      client.once("data", () => client.end("HTTP/1.1 200 OK\r\n\r\nfrom inside")),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    proxies.push({ port: (server.address() as AddressInfo).port, close: () => server.close() });
  };
  await startProxy();
  const failures: unknown[] = [];
  const at = await openForward(
    { protocol: "tcp", listen: { address: "127.0.0.1", port: 0 }, host: "10.0.0.80", port: 80 },
    {
      way: async () => {
        reads++;
        return {
          intranet: "corp",
          mode: "proxy",
          http: `127.0.0.1:${proxies.at(-1)?.port}`,
        } as unknown as IntranetState;
      },
      uid: process.getuid?.() ?? null,
      onFailure: (thrown) => failures.push(thrown),
    },
  );
  opened.push(at);
  const get = async (): Promise<string> => {
    const [host = "", port = ""] = at.at.split(":");
    let text = "";
    for await (const chunk of connect({ host, port: Number(port) })) text += chunk;
    return text;
  };
  for (let n = 0; n < 5; n++) expect(await get()).toBe("from inside");
  expect(reads).toBe(1);
  await startProxy();
  proxies[0]?.close();
  expect(await get()).toBe("from inside");
  expect(reads).toBe(2);
  expect(failures).toEqual([]);
  proxies[1]?.close();
});
