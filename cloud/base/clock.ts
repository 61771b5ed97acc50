/** Time as the domain sees it; injected, so that tests decide what time it is. */
export interface Clock {
  /** Wall clock, epoch ms. It may jump. */
  now(): number;
  /** ms on a clock that never jumps; only differences mean something. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, call: () => void): () => void;
}

/** setTimeout fires at once for anything longer than this. */
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
