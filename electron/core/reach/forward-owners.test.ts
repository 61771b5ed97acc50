import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { needsRoot } from "../../../test/harness/needs.ts";
import { until } from "../../../test/harness/wait.ts";
import type { IntranetState } from "../client/model.ts";
import { openForward } from "./forward.ts";
import type { ForwardParts } from "./forwarding.ts";
import { ownSocket } from "./owner.ts";

/** Real sockets of two users: a port belongs to another user as soon as its owner has closed its socket. */
const nobody = 65_534;
const opened: { close(): void }[] = [];
beforeEach(needsRoot);
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const bound = async (port = 0): Promise<Socket> => {
  const socket = createSocket("udp4");
  opened.push(socket);
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  return socket;
};

const closed = async (socket: Socket): Promise<void> => {
  opened.splice(opened.indexOf(socket), 1);
  socket.close();
  await once(socket, "close");
};

interface Stranger {
  child: ChildProcess;
  /** Ends it, and returns the lines it has printed. */
  end(): Promise<string[]>;
}

/** Runs a script as another user, until it prints its first line. */
const stranger = async (script: string): Promise<Stranger> => {
  const child = spawn(process.execPath, ["-e", script], {
    uid: nobody,
    gid: nobody,
    cwd: "/",
    env: {},
    stdio: ["pipe", "pipe", "inherit"],
  });
  opened.push({ close: () => child.kill("SIGKILL") });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await until("the other user's process", () => lines.length > 0);
  const end = async (): Promise<string[]> => {
    const ended = once(reader, "close");
    child.stdin.end();
    await ended;
    return lines;
  };
  return { child, end };
};

/** Takes a port, sends a text from it if there is one, and prints what it receives until its input ends. */
const takesPort = (port: number, to: number, text: string): Promise<Stranger> =>
  stranger(`const s = require("node:dgram").createSocket("udp4");
    s.on("message", (m) => console.log("received " + m));
    s.bind(${port}, "127.0.0.1", () => {
      if (${JSON.stringify(text)}) s.send(${JSON.stringify(text)}, ${to}, "127.0.0.1", () => console.log("ready"));
      else console.log("ready");
    });
    process.stdin.resume().on("end", () => setTimeout(() => s.close(), 50));`);

/** Forwards datagrams to a socket of the test, which plays the intranet. */
const forward = async (): Promise<{
  port: number;
  inside: Socket;
  arrived: string[];
  from: number[];
  refused: unknown[];
}> => {
  const inside = await bound();
  const arrived: string[] = [];
  const from: number[] = [];
  inside.on("message", (message, { port }) => {
    arrived.push(String(message));
    from.push(port);
  });
  const refused: unknown[] = [];
  const at = await openForward(
    { protocol: "udp", listen: { address: "127.0.0.1", port: 0 }, host: "127.0.0.1", port: inside.address().port },
    {
      way: async () => ({ intranet: "corp", mode: "system", socks: null }) as unknown as IntranetState,
      uid: process.getuid?.() ?? null,
      onFailure: (thrown) => refused.push(thrown),
    },
  );
  opened.push(at);
  return { port: Number(at.at.split(":")[1]), inside, arrived, from, refused };
};

/** Waits until everything that came before at the forward has been handled. */
const settle = async (port: number, arrived: string[]): Promise<void> => {
  const other = await bound();
  const text = `after ${arrived.length}`;
  other.send(text, port, "127.0.0.1");
  await until(text, () => arrived.includes(text));
  arrived.splice(arrived.indexOf(text), 1);
  await closed(other);
};

it("datagrams of another user who has taken the port are refused", async () => {
  const { port, arrived, refused } = await forward();
  const own = await bound();
  own.send("mine", port, "127.0.0.1");
  await until("the datagram", () => arrived.length === 1);
  const taken = own.address().port;
  await closed(own);
  const thief = await takesPort(taken, port, "stolen");
  await settle(port, arrived);
  expect(await thief.end()).toEqual(["ready"]);
  expect(arrived).toEqual(["mine"]);
  expect(refused).toMatchObject([{ code: "in_use_by_another_user" }]);
});

it("answers are not delivered to another user who has taken the port", async () => {
  const { port, inside, arrived, from } = await forward();
  const own = await bound();
  const answered = once(own, "message");
  own.send("mine", port, "127.0.0.1");
  await until("the datagram", () => arrived.length === 1);
  inside.send("first answer", from[0], "127.0.0.1");
  expect(String((await answered)[0])).toBe("first answer");
  const taken = own.address().port;
  await closed(own);
  const thief = await takesPort(taken, port, "");
  inside.send("secret", from[0], "127.0.0.1");
  await settle(port, arrived);
  expect(await thief.end()).toEqual(["ready"]);
});

it("a later socket of the same user starts a new flow", async () => {
  const { port, inside, arrived, from } = await forward();
  const own = await bound();
  own.send("mine", port, "127.0.0.1");
  await until("the datagram", () => arrived.length === 1);
  const number = own.address().port;
  await closed(own);
  const again = await bound(number);
  const received: string[] = [];
  again.on("message", (message) => received.push(String(message)));
  inside.send("for the closed socket", from[0], "127.0.0.1");
  await settle(port, arrived);
  again.send("mine again", port, "127.0.0.1");
  await until("the second datagram", () => arrived.length === 2);
  expect(from.at(-1)).not.toBe(from[0]);
  inside.send("for the new socket", from.at(-1), "127.0.0.1");
  await until("the answer", () => received.length > 0);
  expect(received).toEqual(["for the new socket"]);
});

it("what another user sent before a reset is not taken for that of the port's next owner", async () => {
  let conversation = "";
  const proxy = createServer((client) => {
    client
      .on("error", () => undefined)
      .on("data", (data) => {
        conversation += String(data);
      });
    client.write("HTTP/1.1 200 OK\r\n\r\n");
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const sockets: { destroy(): void }[] = [];
  proxy.on("connection", (socket) => sockets.push(socket));
  opened.push({ close: () => proxy.close() }, { close: () => sockets.forEach((socket) => void socket.destroy()) });
  const lookUps: { port: number; go(): void; done: Promise<string | null> }[] = [];
  const held: NonNullable<ForwardParts["ownSocket"]> = (protocol, client, ...rest) => {
    const gate = Promise.withResolvers<void>();
    const done = gate.promise.then(() => ownSocket(protocol, client, ...rest));
    lookUps.push({ port: client.port, go: gate.resolve, done });
    return done;
  };
  const refused: unknown[] = [];
  const at = await openForward(
    { protocol: "tcp", listen: { address: "127.0.0.1", port: 0 }, host: "10.0.0.80", port: 80 },
    {
      way: async () =>
        ({
          intranet: "corp",
          mode: "proxy",
          http: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        }) as unknown as IntranetState,
      uid: process.getuid?.() ?? null,
      onFailure: (thrown) => refused.push(thrown),
      ownSocket: held,
    },
  );
  opened.push(at);
  const port = Number(at.at.split(":")[1]);
  // No other test's connection has a port of this address.
  const local = "127.83.71.105";
  const thief = await stranger(`const to = { port: ${port}, host: "127.0.0.1", localAddress: "${local}" };
    const c = require("node:net").connect(to, () => c.write("stolen", () => console.log("sent")));
    c.on("error", () => undefined);
    process.stdin.resume().on("end", () => c.resetAndDestroy());`);
  await until("the stranger's connection", () => lookUps.length === 1);
  await thief.end();
  const own = connect({ port, host: "127.0.0.1", localAddress: local, localPort: lookUps[0]?.port });
  own.on("error", () => undefined);
  opened.push({ close: () => own.destroy() });
  own.write("mine");
  await until("the user's connection", () => lookUps.length === 2);
  lookUps[0]?.go();
  await lookUps[0]?.done;
  lookUps[1]?.go();
  await until("the user's text", () => conversation.includes("mine"));
  expect(conversation).not.toContain("stolen");
  expect(refused).toMatchObject([{ code: "in_use_by_another_user" }]);
});

it("more sources than are remembered lose nothing: a new one replaces the one idle longest", async () => {
  const { port, arrived } = await forward();
  for (let i = 0; i < 300; i++) {
    const own = await bound();
    own.send(`query ${i}`, port, "127.0.0.1");
    await until(`query ${i}`, () => arrived.at(-1) === `query ${i}`);
  }
  expect(arrived).toHaveLength(300);
});
