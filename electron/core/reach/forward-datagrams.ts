import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { Failure } from "../causes/failure.ts";
import { hostPort } from "./address.ts";
import { type DatagramWay, datagramsInside } from "./datagrams.ts";
import { type Forward, type Forwarding, type ForwardParts, notListening } from "./forwarding.ts";
import { type End, isOwn, sharedLists } from "./owner.ts";

/**
 * How long an idle source is kept (https://www.rfc-editor.org/rfc/rfc4787#section-4.3, REQ-5), and how long a refused source is not looked
 * up again, ms.
 */
const idle = 120_000;
const retry = 1_000;
/** Limits: sources of this user, sources being looked up, and sources known to belong to other users. */
const mostSources = 256;
const mostUnknown = 256;
const mostStrangers = 1_024;
/** Datagrams of one source that are queued while it is looked up. */
const mostWaiting = 8;

interface Source {
  way: Promise<DatagramWay | null>;
  timer: NodeJS.Timeout;
}

/**
 * Forwards datagrams from loopback into the intranet. Any local user can send to the port, so a source is accepted
 * only after its socket was found to belong to this user.
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
    // At most one message per second, because a sender can use any number of sources.
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
