import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { Failure } from "../causes/failure.ts";
import { hostPort } from "./address.ts";
import { type DatagramWay, datagramsInside } from "./datagrams.ts";
import { type Forward, type Forwarding, type ForwardParts, notListening } from "./forwarding.ts";
import { type End, ownSocket } from "./owner.ts";
import { type Arrivals, checkedArrivals } from "./owner-rounds.ts";

/**
 * How long an idle source is kept (https://www.rfc-editor.org/rfc/rfc4787#section-4.3, REQ-5), and how long a refused source is not looked
 * up again, ms.
 */
const idle = 120_000;
const retry = 1_000;
/**
 * Limits: sources of this user, of which a new one replaces the one that has been idle longest, and sources known to
 * belong to other users.
 */
const mostSources = 256;
const mostStrangers = 1_024;

/** The datagrams of one socket, which are answered to that socket only. */
interface Flow {
  /** Identifies the socket; see ownSocket. */
  socket: string;
  way: Promise<DatagramWay | null>;
  timer: NodeJS.Timeout;
}

/**
 * Forwards datagrams from loopback into the intranet. Any local user can send to the port, and a source's port can
 * belong to another user as soon as its socket is closed. So the owner is looked up after the arrival of every datagram
 * and every answer.
 */
export function forwardDatagrams({ listen, host, port }: Forward, parts: ForwardParts): Promise<Forwarding> {
  const flows = new Map<string, Flow>();
  const strangers = new Set<string>();
  const owns = parts.ownSocket ?? ownSocket;
  const socket = createSocket(isIPv6(listen.address) ? "udp6" : "udp4");

  const forget = (key: string, flow: Flow | undefined): void => {
    if (!flow || flows.get(key) !== flow) return;
    flows.delete(key);
    clearTimeout(flow.timer);
    void flow.way.then((way) => way?.close());
  };
  const forgetOldest = (): void => {
    const [oldest] = flows;
    if (oldest) forget(...oldest);
  };
  const open = (from: End, key: string, own: string): Flow => {
    const end = (): void => forget(key, flow);
    const answered = (data: Buffer): void => arrivals.add(from, data, flow);
    const way = parts
      .way()
      .then((state) => datagramsInside(state, host, port, answered, end))
      .catch((thrown) => {
        parts.onFailure(thrown);
        setTimeout(end, retry).unref();
        return null;
      });
    const flow: Flow = { socket: own, way, timer: setTimeout(end, idle) };
    flows.set(key, flow);
    return flow;
  };
  const refuse = (key: string): void => {
    // At most one message per second, because a sender can use any number of sources.
    if (strangers.size === 0) parts.onFailure(new Failure("in_use_by_another_user"));
    if (strangers.size >= mostStrangers) return;
    strangers.add(key);
    setTimeout(() => strangers.delete(key), retry).unref();
  };
  const pass = (from: End, key: string, { sent, answers }: Arrivals<Flow>, own: string | null): void => {
    let flow = flows.get(key);
    if (flow && flow.socket !== own) {
      forget(key, flow);
      flow = undefined;
    }
    for (const { data, of } of answers) if (of === flow) socket.send(data, from.port, from.address);
    if (sent.length === 0) return;
    if (own === null) {
      refuse(key);
      return;
    }
    if (!flow && flows.size >= mostSources) forgetOldest();
    const to = flow ?? open(from, key, own);
    to.timer.refresh();
    // A Map keeps the order of insertion, so the first flow is the one that has been idle longest.
    flows.delete(key);
    flows.set(key, to);
    void to.way.then((way) => {
      if (flows.get(key) !== to) return;
      for (const data of sent) way?.send(data);
    });
  };
  const arrivals = checkedArrivals<Flow>({
    look: (from, read) => owns("udp", from, socket.address(), parts.uid, read),
    isKnown: (key) => flows.has(key),
    pass,
  });
  socket.on("message", (data, { address, port: fromPort }) => {
    const from = { address, port: fromPort };
    if (!strangers.has(hostPort(address, fromPort))) arrivals.add(from, data);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => void notListening(error, listen).then(reject));
    socket.bind(listen.port, listen.address, () => {
      socket.on("error", () => undefined);
      const bound = socket.address();
      resolve({
        at: hostPort(bound.address, bound.port),
        close: () => {
          arrivals.close();
          for (const [key, flow] of [...flows]) forget(key, flow);
          socket.close();
        },
      });
    });
  });
}
