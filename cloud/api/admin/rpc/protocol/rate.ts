/** How often one access key may ask: `burst` at once, then `perSecond`. */
export interface RateRules {
  perSecond: number;
  burst: number;
}

/** More than people and their scripts need, and less than what keeps others waiting. */
export const rateRules: RateRules = { perSecond: 100, burst: 1_000 };

interface Bucket {
  /** Requests that may still be made at once. */
  left: number;
  /** ms on the monotonic clock, of the last request. */
  at: number;
}

/** Counts proved requests per key. There are as many entries as keys, for only keys that exist are proved. */
export class RequestRate {
  readonly #rules: RateRules;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rules: RateRules) {
    this.#rules = rules;
  }

  /** `now`: ms on a clock that never jumps. False = too often. */
  take(key: string, now: number): boolean {
    const { perSecond, burst } = this.#rules;
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1_000) * perSecond);
    const may = left >= 1;
    this.#buckets.set(key, { left: may ? left - 1 : left, at: now });
    return may;
  }
}
