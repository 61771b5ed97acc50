/** Token bucket of one access key: `burst` requests at once, then `perSecond`. */
export interface RateRules {
  perSecond: number;
  burst: number;
}

/** More than people and their scripts need, but low enough that one key cannot slow down the others. */
export const rateRules: RateRules = { perSecond: 100, burst: 1_000 };

interface Bucket {
  /** Tokens left. */
  left: number;
  /** Time of the last request, ms on the monotonic clock. */
  at: number;
}

/** Rate limit per access key. Only authenticated requests are counted, so there are at most as many buckets as keys. */
export class RequestRate {
  readonly #rules: RateRules;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rules: RateRules) {
    this.#rules = rules;
  }

  /** Takes a token; false = rate limit exceeded. `now` is ms on a monotonic clock. */
  take(key: string, now: number): boolean {
    const { perSecond, burst } = this.#rules;
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1_000) * perSecond);
    const may = left >= 1;
    this.#buckets.set(key, { left: may ? left - 1 : left, at: now });
    return may;
  }
}
