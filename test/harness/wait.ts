import { setTimeout as delay } from "node:timers/promises";

/** Polling interval, ms. */
const step = 25;

/**
 * Polls until `look` returns a truthy value, and returns that; fails after `limit` ms with `what`. If `what` is a
 * function, it is called on failure, so that it can describe the last state.
 */
export const until = async <T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  limit = 10_000,
): Promise<Exclude<T, null | undefined | false>> => {
  const end = performance.now() + limit;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, null | undefined | false>;
    if (performance.now() > end) throw new Error(`${typeof what === "string" ? what : what()}: not within ${limit} ms`);
    await delay(step);
  }
};

/** Waits for `promise`, or fails after `limit` ms. */
export const within = async <T>(what: string, limit: number, promise: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
