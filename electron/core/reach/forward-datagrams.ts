import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { Failure } from "../causes/failure.ts";
import { hostPort } from "./address.ts";
import { type DatagramWay, datagramsInside } from "./datagrams.ts";
import { type Forward, type Forwarding, type ForwardParts, notListening } from "./forwarding.ts";
import { type End, isOwn, sharedLists } from "./owner.ts";

/** How long a source is kept without a datagram, and how long one that got nothing is not tried again, ms. */
const idle = 60_000;
const retry = 1_000;
/** How many of this user's sources are kept, how many more are being looked up, and how many are known to be other users'. */
const mostSources = 256;
const mostUnknown = 256;
const mostStrangers = 1_024;
/** How many datagrams of one source wait until it has been looked up. */
const mostWaiting = 8;

interface Source {
  way: Promise<DatagramWay | null>;
  timer: NodeJS.Timeout;
}

/**
 * Carries datagrams from loopback into the intranet. Any local user can send to the port, so a source gets one of the places only
 * after its socket was found to be this user's.
 */
export function forwardDatagrams({ listen, host, port }: Forward, parts: ForwardParts): Promise<Forwarding> {
  const sources = new Map<string, Source>();
  const unknown = new Map<string, Buffer[]>();
  const strangers = new Set<string>();
  const owns = parts.isOwn ?? isOwn;
  const lists = sharedLists();
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
      const back = (data: Buffer): void => socket.send(data, from.port, from.address);
      return await datagramsInside(await parts.way(), host, port, back, () => forget(key));
    } catch (thrown) {
      parts.onFailure(thrown);
      setTimeout(() => forget(key), retry).unref();
      return null;
    }
  };
  const send = (key: string, source: Source, messages: Buffer[]): void => {
    source.timer.refresh();
    void source.way.then((way) => {
      if (sources.get(key) !== source) return;
      for (const message of messages) way?.send(message);
    });
  };
  const refuse = (key: string): void => {
    // One line a second at most: a sender can use any number of sources.
    if (strangers.size === 0) parts.onFailure(new Failure("in_use_by_another_user"));
    if (strangers.size >= mostStrangers) return;
    strangers.add(key);
    setTimeout(() => strangers.delete(key), retry).unref();
  };
  const lookUp = async (from: End, key: string, messages: Buffer[]): Promise<void> => {
    unknown.set(key, messages);
    const own = await owns("udp", from, socket.address(), parts.uid, lists).catch(() => false);
    unknown.delete(key);
    if (!own) return refuse(key);
    if (sources.size >= mostSources) return;
    const source = { way: open(from, key), timer: setTimeout(() => forget(key), idle) };
    sources.set(key, source);
    send(key, source, messages);
  };
  socket.on("message", (message, { address, port: fromPort }) => {
    const key = `${address} ${fromPort}`;
    const known = sources.get(key);
    if (known) return send(key, known, [message]);
    if (strangers.has(key)) return;
    const waiting = unknown.get(key);
    if (waiting) {
      if (waiting.length < mostWaiting) waiting.push(message);
    } else if (unknown.size < mostUnknown) void lookUp({ address, port: fromPort }, key, [message]);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => void notListening(error, listen).then(reject));
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
