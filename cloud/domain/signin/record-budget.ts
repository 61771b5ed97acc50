import type { Clock } from "../../base/clock.ts";

/** Limits on audit records per hour. */
export interface RecordShares {
  perKey: number;
  inAll: number;
}

/** Limit on audited refusals, per host and in total: anyone can cause them, and records are kept for months. */
export const refusalShares: RecordShares = { perKey: 20, inAll: 500 };
/** Limit on audited successes, per account and action: a client in a loop must not displace the records of others. */
export const signInShares: RecordShares = { perKey: 40, inAll: Number.POSITIVE_INFINITY };
const periodMs = 3_600_000;

/** Counts audit records against the limits. */
export class RecordBudget {
  readonly #clock: Clock;
  readonly #shares: RecordShares;
  #keys = new Map<string, number>();
  #taken = 0;
  #since: number;

  constructor(clock: Clock, shares: RecordShares) {
    this.#shares = shares;
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Takes one record; false = the limit is reached, write only a log line. */
  take(key: string): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#since >= periodMs) {
      this.#keys = new Map();
      this.#taken = 0;
      this.#since = now;
    }
    const before = this.#keys.get(key) ?? 0;
    if (before >= this.#shares.perKey || this.#taken >= this.#shares.inAll) return false;
    this.#keys.set(key, before + 1);
    this.#taken++;
    return true;
  }
}
