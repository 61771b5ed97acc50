import type { Clock } from "../../base/clock.ts";

/** How many rows the audit takes in an hour. */
export interface RecordShares {
  perKey: number;
  inAll: number;
}

/** Limits audited refusals per host: anyone can cause them, and each row is kept for months. */
export const refusalShares: RecordShares = { perKey: 20, inAll: 500 };
/** What went well, by account and action: a loop of one account must not push out everybody's records. */
export const signInShares: RecordShares = { perKey: 40, inAll: Number.POSITIVE_INFINITY };
const periodMs = 3_600_000;

/** Shares of the audit. */
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

  /** False = this one is for the log alone. */
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
