import type { Clock } from "../../base/clock.ts";
import type { ClassCounters } from "../qos/class-counters.ts";

/** An endpoint of an access point, as in sag.client.v1.Endpoint. */
export interface EndpointRecord {
  transport: "udp" | "tls";
  host: string;
  port: number;
  /** SPKI pins, base64url. */
  pins: string[];
}

/** Records of a flow log at an access point, cumulative, by what became of them. */
export interface FlowLogCounters {
  flowLog: string;
  outcomes: Record<"sent" | "lost" | "skipped" | "written" | "unwritten" | "evicted", number>;
}

/** The records of a flow log at all access points. */
export function recordsOf(accessPoints: AccessPoints, flowLog: string): FlowLogCounters["outcomes"] {
  const sum: FlowLogCounters["outcomes"] = { sent: 0, lost: 0, skipped: 0, written: 0, unwritten: 0, evicted: 0 };
  const reported = accessPoints.list().flatMap((state) => state.flowLogs.filter((one) => one.flowLog === flowLog));
  for (const { outcomes } of reported) {
    for (const outcome of Object.keys(sum) as (keyof typeof sum)[]) sum[outcome] += outcomes[outcome];
  }
  return sum;
}

/** State of an access point in this process. */
export interface AccessPointState {
  id: string;
  ccnId: string;
  name: string;
  /** Its number; the low part of its probe address. */
  number: number;
  publicKey: Uint8Array;
  endpoints: EndpointRecord[];
  mode: string;
  region: string;
  /** Whether its stream is open. */
  online: boolean;
  /** Until when it is still offered after its stream broke, monotonic ms; streams break and reconnect. */
  graceUntil: number;
  /** Highest revision of this epoch that it has acknowledged. */
  acknowledged: number;
  bootId: string;
  /** Whether it enforces access lists; those of an earlier version refuse peers that have one. */
  accessLists: boolean;
  /** As it reported last. */
  flowLogs: FlowLogCounters[];
  /** Whether it takes access lists by their id, so that they are sent once for all peers of a message. */
  sharedAccessLists: boolean;
  /** Whether it enforces rules with names. One that does not gets the lists without them. */
  accessListNames: boolean;
  /** Sessions that it may have as peers, as recorded in the store. */
  delivered: Set<string>;
  /** The latest counters of traffic classes of one of its processes, by instance, class and direction. */
  classes: { bootId: string; counters: Map<string, ClassCounters> };
  /** Ends its current stream. */
  supersede: (() => void) | undefined;
  /** Epoch ms. */
  lastSeenAt: number;
}

interface Waiter {
  ccnId: string;
  only: string;
  revision: number;
  done: () => void;
}

/** How long an access point is still offered after its stream broke, ms. */
export const graceMs = 60_000;

/** The access points of this cloud, and the Dials that wait for their acknowledgements. */
export class AccessPoints {
  readonly #clock: Clock;
  readonly #all = new Map<string, AccessPointState>();
  readonly #waiters = new Set<Waiter>();
  /** Called when the access points offered in a CCN may have changed. */
  onChange: (ccnId: string) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(state: AccessPointState): void {
    this.#all.set(state.id, state);
  }

  get(id: string): AccessPointState | undefined {
    return this.#all.get(id);
  }

  remove(id: string): void {
    const state = this.#all.get(id);
    if (!state) return;
    this.#all.delete(id);
    state.supersede?.();
    this.onChange(state.ccnId);
  }

  list(): AccessPointState[] {
    return [...this.#all.values()];
  }

  inCcn(ccnId: string): AccessPointState[] {
    return this.list().filter((state) => state.ccnId === ccnId);
  }

  /** Access points that clients receive: connected now or within the grace period. */
  offered(ccnId: string): AccessPointState[] {
    const now = this.#clock.monotonic();
    return this.inCcn(ccnId).filter((state) => state.online || state.graceUntil > now);
  }

  /** A stream was opened; ends the former stream of the same access point. */
  connected(id: string, supersede: () => void): void {
    const state = this.#all.get(id);
    if (!state) return;
    const former = state.supersede;
    state.supersede = supersede;
    state.online = true;
    state.acknowledged = 0;
    state.lastSeenAt = this.#clock.now();
    former?.();
    this.onChange(state.ccnId);
  }

  /** A stream was closed; returns true if it was the current one. */
  disconnected(id: string, supersede: () => void): boolean {
    const state = this.#all.get(id);
    if (state?.supersede !== supersede) return false;
    state.supersede = undefined;
    state.online = false;
    state.graceUntil = this.#clock.monotonic() + graceMs;
    this.#clock.after(graceMs + 1, () => this.onChange(state.ccnId));
    return true;
  }

  /** The access point has applied everything up to `revision`. */
  acknowledge(id: string, revision: number): void {
    const state = this.#all.get(id);
    if (!state) return;
    state.acknowledged = Math.max(state.acknowledged, revision);
    for (const waiter of this.#waiters) {
      if (this.#satisfied(waiter)) waiter.done();
    }
  }

  #satisfied({ ccnId, only, revision }: Waiter): boolean {
    return this.inCcn(ccnId).some(
      (state) => state.online && (only === "" || state.id === only) && state.acknowledged >= revision,
    );
  }

  /**
   * Resolves when an access point of the CCN has acknowledged `revision`, or after `limitMs`; immediately if none is connected. If
   * `chosen` is connected, only that one counts.
   */
  whenReady(ccnId: string, chosen: string, revision: number, limitMs: number): Promise<void> {
    const connected = this.inCcn(ccnId).filter((state) => state.online);
    const only = connected.some((state) => state.id === chosen) ? chosen : "";
    const couldAnswer = connected.length > 0;
    return new Promise((resolve) => {
      const waiter: Waiter = { ccnId, only, revision, done: () => {} };
      if (!couldAnswer || this.#satisfied(waiter)) return resolve();
      const cancel = this.#clock.after(limitMs, () => waiter.done());
      waiter.done = () => {
        cancel();
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }
}
