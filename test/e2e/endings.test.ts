import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { socksConnect, splitHostPort } from "../harness/net/socks.ts";
import type { Person, Seen } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { until, within } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/**
 * A connection that is closed or reset at one end is closed or reset at the other, for every kind of client and
 * whoever caused it. A truncated file must never look complete.
 */
type Fate = "ended" | "broken";

/** One end of a connection, as a program there sees it. */
interface End {
  fate: Promise<Fate>;
  /** Closes the sending direction. */
  finish(): void;
  /** Resets the connection; undefined where a client cannot do that. */
  reset?: () => void;
}

const address = "10.77.0.60";
let server: Server;
/** The server's end of the newest connection. */
let accepted = Promise.withResolvers<End>();

const fateOf = (socket: Socket): Promise<Fate> =>
  new Promise((resolve) => {
    socket.on("end", () => resolve("ended"));
    socket.on("error", () => resolve("broken"));
    socket.on("close", (hadError) => resolve(hadError ? "broken" : "ended"));
  });

const endOf = (socket: Socket): End => ({
  fate: fateOf(socket),
  finish: () => socket.end(),
  reset: () => socket.resetAndDestroy(),
});

/** The start of a response without Content-Length, whose end is the end of the connection. */
const head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n";
const serve = (socket: Socket): void => {
  const end = endOf(socket);
  socket.once("data", () => {
    socket.write(`${head}the beginning`);
    accepted.resolve(end);
  });
};

const company = givenCompany({
  accessPoints: 2,
  prepare: async ({ published }) => {
    server = createServer({ allowHalfOpen: true }, serve).listen(0, "127.0.0.1");
    await once(server, "listening");
    published.push(`${address}:80=127.0.0.1:${(server.address() as AddressInfo).port}`);
  },
});
let person: Person;
let seen: Seen;
const children: ChildProcess[] = [];

beforeAll(async () => {
  person = company.person();
  await person.signIn(company.link, userName, company.password);
});
beforeEach(async () => {
  accepted = Promise.withResolvers();
  seen = await person.connect();
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  server.close();
});

const begun = (socket: Socket): Promise<unknown> => until("the beginning", () => socket.bytesRead > 30);

const asked = async (socket: Socket): Promise<End> => {
  const end = endOf(socket);
  socket.resume();
  socket.write(`GET http://${address}/ HTTP/1.0\r\n\r\n`);
  await begun(socket);
  return end;
};

const bySocks = async (): Promise<End> => {
  const socket = await socksConnect(`${seen.socks}`, address, 80);
  socket.allowHalfOpen = true;
  return asked(socket);
};

const proxySocket = async (proxy: string): Promise<Socket> => {
  const { host, port } = splitHostPort(proxy);
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
};

const byConnect = async (): Promise<End> => {
  const socket = await proxySocket(`${seen.http}`);
  socket.write(`CONNECT ${address}:80 HTTP/1.1\r\nHost: ${address}:80\r\n\r\n`);
  await once(socket, "data");
  return asked(socket);
};

const byHttp = async (): Promise<End> => asked(await proxySocket(`${seen.http}`));

const byForward = async (): Promise<End> => {
  const child = spawn(at("bin/sag"), ["forward", "--json", `0:${address}:80`], {
    env: person.env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = await once(createInterface(child.stdout), "line");
  const [where] = /127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
  return asked(await proxySocket(`${where}`));
};

const bySshProxy = async (): Promise<End> => {
  const child = spawn(at("bin/sag"), ["ssh-proxy", address, "80"], {
    env: person.env,
    stdio: ["pipe", "pipe", "ignore"],
  });
  children.push(child);
  child.stdin.on("error", () => {});
  child.stdin.write("GET / HTTP/1.0\r\n\r\n");
  await once(child.stdout, "data");
  child.stdout.resume();
  return {
    fate: once(child, "exit").then(([code]): Fate => (code === 0 ? "ended" : "broken")),
    finish: () => child.stdin.end(),
  };
};

const ways = { socks: bySocks, connect: byConnect, http: byHttp, forward: byForward, "ssh-proxy": bySshProxy };

interface Ending {
  happens(client: End, server: End): unknown;
  client?: Fate;
  server?: Fate;
  /** The kinds of clients for which it is impossible. */
  not?: (keyof typeof ways)[];
}

/** Kills the access point in use, and restarts it after `meanwhile`. */
const restart = async (meanwhile: Promise<unknown>): Promise<void> => {
  const inUse = company.site.accessPoints.findIndex(({ ready }) => ready.id === seen.accessPoint?.id);
  const [one] = company.site.accessPoints.splice(inUse, 1);
  await one?.kill();
  await meanwhile;
  if (one) await company.site.startAccessPoint(one.name, { listen: one.ready.endpoint });
};

const events: Record<string, Ending> = {
  "the server closes": { happens: (_, far) => far.finish(), client: "ended" },
  "the server resets": { happens: (_, far) => far.reset?.(), client: "broken" },
  // An HTTP request states its own length.
  "the client closes": { happens: (near) => near.finish(), server: "ended", not: ["http"] },
  "the client resets": { happens: (near) => near.reset?.(), server: "broken", not: ["http", "ssh-proxy"] },
  "the access point is killed": {
    happens: (near) => restart(within("the client's end", 10_000, near.fate)),
    client: "broken",
    server: "broken",
  },
  "the user disconnects": { happens: () => person.disconnect(), client: "broken", server: "broken" },
  "the session is ended by an administrator": {
    happens: async () => {
      const [session] = await company.site.sagctl<{ id: string }[]>(["session", "list"]);
      await company.site.sagctl(["session", "end", `${session?.id}`]);
    },
    client: "broken",
    server: "broken",
  },
  "sag-tunnel is killed": { happens: () => process.kill(Number(seen.pid), "SIGKILL"), client: "broken" },
};

describe.each(Object.keys(ways) as (keyof typeof ways)[])("through %s", (way) => {
  const possible = Object.entries(events).filter(([, { not }]) => !not?.includes(way));
  it.each(possible)("%s", async (_, event) => {
    const near = await ways[way]();
    const far = await within("the server's end", 5_000, accepted.promise);
    await event.happens(near, far);
    if (event.client) expect(await within("the client's end", 10_000, near.fate)).toBe(event.client);
    if (event.server && way !== "http") expect(await within("the server's end", 10_000, far.fate)).toBe(event.server);
    near.reset?.();
    far.reset?.();
  });
});

// The client may not notice the restart: it learns of it with its next probe, 25 s after the last one.
it("an access point that is killed and restarted at once has lost its connections", async () => {
  const near = await bySocks();
  const far = await within("the server's end", 5_000, accepted.promise);
  await restart(Promise.resolve());
  expect(await within("the server's end", 5_000, far.fate)).toBe("broken");
  expect(await within("the client's end", 40_000, near.fate)).toBe("broken");
});
