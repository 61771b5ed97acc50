/** The domain's source of time; tests inject their own. */
export interface Clock {
  /** Wall clock, epoch ms. It can jump. */
  now(): number;
  /** Monotonic clock, ms; only differences are meaningful. */
  monotonic(): number;
  /** Calls `call` once after `ms`; the returned function cancels it. */
  after(ms: number, call: () => void): () => void;
}

/** setTimeout fires immediately for delays above this, ms. */
const longestTimer = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(Math.max(ms, 0), longestTimer));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
