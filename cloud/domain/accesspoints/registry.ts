import type { Clock } from "../../base/clock.ts";

/** Where an access point is reached; as in sag.client.v1.Endpoint. */
export interface EndpointRecord {
  transport: "udp" | "tls";
  host: string;
  port: number;
  /** base64url. */
  pins: string[];
}

/** An access point as this process knows it. */
export interface AccessPointState {
  id: string;
  ccnId: string;
  name: string;
  /** Low part of its probe address. */
  number: number;
  publicKey: Uint8Array;
  endpoints: EndpointRecord[];
  mode: string;
  region: string;
  /** Its stream is open. */
  online: boolean;
  /** Until when (monotonic ms) one whose stream broke is still offered: streams break and come back. */
  graceUntil: number;
  /** Highest revision of this epoch that it has in force. */
  acknowledged: number;
  bootId: string;
  /** Sessions of which the store remembers that this access point may carry them. */
  delivered: Set<string>;
  /** Ends the stream it has. */
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

/** ms for which an access point that went away is still offered. */
export const graceMs = 60_000;

/** The access points of this cloud, and who waits for their word. */
export class AccessPoints {
  readonly #clock: Clock;
  readonly #all = new Map<string, AccessPointState>();
  readonly #waiters = new Set<Waiter>();
  /** Called when what can be offered in a CCN may have changed. */
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

  /** Those that clients get: connected now or lately. */
  offered(ccnId: string): AccessPointState[] {
    const now = this.#clock.monotonic();
    return this.inCcn(ccnId).filter((state) => state.online || state.graceUntil > now);
  }

  /** A stream began; the former one of the same access point ends. */
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

  /** A stream ended; true if it was the present one. */
  disconnected(id: string, supersede: () => void): boolean {
    const state = this.#all.get(id);
    if (state?.supersede !== supersede) return false;
    state.supersede = undefined;
    state.online = false;
    state.graceUntil = this.#clock.monotonic() + graceMs;
    this.#clock.after(graceMs + 1, () => this.onChange(state.ccnId));
    return true;
  }

  /** It has everything up to `revision` in force. */
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
   * Resolves when the first access point of the CCN (or, if that has a stream, `chosen`) has acknowledged `revision`, at the
   * latest after `limitMs`; at once when none has a stream.
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
