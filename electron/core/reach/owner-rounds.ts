import { hostPort } from "./address.ts";
import { type End, oneReading } from "./owner.ts";

/** Limits of what waits for a look-up: unknown sources, datagrams of each of them, and bytes of each known source. */
const mostUnknown = 256;
const mostDatagrams = 8;
const mostBytes = 256 << 10;

/**
 * Looking up takes at most one part of `share` of the time, counted over `span` ms, so that a stream of datagrams does
 * not fill a core. Datagrams wait for that for `longestPause` ms at most.
 */
const share = 4;
const span = 20;
const longestPause = 5;

/** What arrived from and for one source. `of` is the flow that an answer belongs to. */
export interface Arrivals<Flow> {
  sent: Buffer[];
  answers: { data: Buffer; of: Flow }[];
}

interface Waiting<Flow> extends Arrivals<Flow> {
  from: End;
  bytes: number;
}

export interface ArrivalParts<Flow> {
  /** Identifies the socket at a source if it is this user's, by lists that `read` returns. */
  look(from: End, read: (path: string) => Promise<string>): Promise<string | null>;
  /** Whether the source has a flow. */
  isKnown(key: string): boolean;
  /** Called with what has arrived and the socket that the source was found to be after the arrival. */
  pass(from: End, key: string, arrivals: Arrivals<Flow>, own: string | null): void;
}

/**
 * Looks the owner of every datagram's source up after the datagram has arrived. The lists are read once for all that
 * has arrived before: reading takes half a millisecond. What arrives meanwhile waits for the next round.
 */
export function checkedArrivals<Flow>(parts: ArrivalParts<Flow>): {
  add(from: End, data: Buffer, answerOf?: Flow): void;
  close(): void;
} {
  let waiting = new Map<string, Waiting<Flow>>();
  let unknown = 0;
  let running = false;
  let closed = false;
  /** Until when the time of looking up is used up. */
  let used = 0;

  const plan = (): void => {
    running = waiting.size > 0 && !closed;
    if (!running) return;
    const pause = Math.min(used - performance.now(), longestPause);
    if (pause > 0) setTimeout(() => void round(), pause);
    // Together with the other datagrams that the socket has now.
    else setImmediate(() => void round());
  };
  const round = async (): Promise<void> => {
    const began = performance.now();
    const all = waiting;
    waiting = new Map();
    unknown = 0;
    const read = oneReading();
    const owners = await Promise.all([...all.values()].map(({ from }) => parts.look(from, read).catch(() => null)));
    if (closed) return;
    let n = 0;
    for (const [key, one] of all) parts.pass(one.from, key, one, owners[n++] ?? null);
    used = Math.max(used, began - span) + (performance.now() - began) * share;
    plan();
  };
  const add = (from: End, data: Buffer, answerOf?: Flow): void => {
    const key = hostPort(from.address, from.port);
    let one = waiting.get(key);
    const isKnown = parts.isKnown(key);
    if (!one) {
      if (!isKnown && unknown >= mostUnknown) return;
      if (!isKnown) unknown++;
      one = { from, sent: [], answers: [], bytes: 0 };
      waiting.set(key, one);
    }
    if (one.bytes > 0 && one.bytes + data.length > mostBytes) return;
    if (!isKnown && one.sent.length >= mostDatagrams) return;
    one.bytes += data.length;
    if (answerOf === undefined) one.sent.push(data);
    else one.answers.push({ data, of: answerOf });
    if (!running) plan();
  };
  return {
    add,
    close: () => {
      closed = true;
      waiting.clear();
    },
  };
}
