import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, isIPv6, type Socket } from "node:net";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import type { IntranetState } from "../model.ts";
import { hostPort } from "./address.ts";
import { connectInside } from "./connect.ts";
import { type DatagramWay, datagramsInside } from "./datagrams.ts";
import { type End, isOwn } from "./owner.ts";

/** One address on loopback that leads to one inside. */
export interface Forward {
  protocol: "tcp" | "udp";
  /** On loopback; port 0 = any free one. */
  listen: End;
  host: string;
  port: number;
}

export interface ForwardParts {
  /** The intranet as it is now: asked for every connection, as it may have been connected anew. */
  way(): Promise<IntranetState>;
  uid: number | null;
  /** Told why a client got nothing. */
  onFailure(thrown: unknown): void;
}

export interface Forwarding {
  /** HOST:PORT it listens at. */
  at: string;
  close(): void;
}

/** How long a source of datagrams is kept without a word, and how long one that got nothing is not tried again, ms. */
const idle = 60_000;
const retry = 1_000;
/** How many are kept. */
const mostSources = 256;

export const openForward = (forward: Forward, parts: ForwardParts): Promise<Forwarding> =>
  forward.protocol === "tcp" ? forwardStreams(forward, parts) : forwardDatagrams(forward, parts);

function forwardStreams({ listen, host, port }: Forward, parts: ForwardParts): Promise<Forwarding> {
  const clients = new Set<Socket>();
  const serve = async (client: Socket): Promise<void> => {
    const from = { address: client.remoteAddress ?? "", port: client.remotePort ?? 0 };
    const to = { address: client.localAddress ?? "", port: client.localPort ?? 0 };
    if (!(await isOwn("tcp", from, to, parts.uid))) throw new Failure("in_use_by_another_user");
    const target = await connectInside(await parts.way(), host, port);
    clients.add(target);
    target.on("close", () => clients.delete(target));
    // Each direction ends on its own; what breaks at one end is broken at the other too, and not just over.
    client.on("error", () => target.resetAndDestroy());
    target.on("error", () => client.resetAndDestroy());
    client.pipe(target).pipe(client);
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    clients.add(client);
    client.on("error", () => undefined).on("close", () => clients.delete(client));
    serve(client).catch((thrown) => {
      client.resetAndDestroy();
      parts.onFailure(thrown);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(failureFromSystem(error, hostPort(listen.address, listen.port))));
    server.listen(listen.port, listen.address, () => {
      const bound = server.address() as AddressInfo;
      resolve({
        at: hostPort(bound.address, bound.port),
        close: () => {
          server.close();
          for (const client of clients) client.destroy();
        },
      });
    });
  });
}

interface Source {
  way: Promise<DatagramWay | null>;
  timer: NodeJS.Timeout;
}

function forwardDatagrams({ listen, host, port }: Forward, parts: ForwardParts): Promise<Forwarding> {
  const sources = new Map<string, Source>();
  const socket = createSocket(isIPv6(listen.address) ? "udp6" : "udp4");
  const forget = (key: string): void => {
    const source = sources.get(key);
    if (!source) return;
    sources.delete(key);
    clearTimeout(source.timer);
    void source.way.then((way) => way?.close());
  };
  const open = async (from: End, key: string): Promise<DatagramWay | null> => {
    try {
      const bound = socket.address();
      if (!(await isOwn("udp", from, bound, parts.uid))) throw new Failure("in_use_by_another_user");
      const back = (data: Buffer): void => socket.send(data, from.port, from.address);
      return await datagramsInside(await parts.way(), host, port, back, () => forget(key));
    } catch (thrown) {
      parts.onFailure(thrown);
      setTimeout(() => forget(key), retry).unref();
      return null;
    }
  };
  socket.on("message", (message, { address, port: fromPort }) => {
    const key = `${address} ${fromPort}`;
    const known = sources.get(key);
    if (!known && sources.size >= mostSources) return;
    const source = known ?? {
      way: open({ address, port: fromPort }, key),
      timer: setTimeout(() => forget(key), idle),
    };
    sources.set(key, source);
    source.timer.refresh();
    void source.way.then((way) => {
      if (sources.get(key) === source) way?.send(message);
    });
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(failureFromSystem(error, hostPort(listen.address, listen.port))));
    socket.bind(listen.port, listen.address, () => {
      socket.on("error", () => undefined);
      const bound = socket.address();
      resolve({
        at: hostPort(bound.address, bound.port),
        close: () => {
          for (const key of [...sources.keys()]) forget(key);
          socket.close();
        },
      });
    });
  });
}
