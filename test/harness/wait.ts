import { setTimeout as delay } from "node:timers/promises";

/** ms between two looks at something that cannot tell by itself. */
const step = 25;

/**
 * Waits until `look` gives something true, and gives that; fails after `limit` ms with what was waited for. As a function, `what` is
 * worded when the time is over, so that it can say what was there instead.
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

/** `promise`, or a failure after `limit` ms. */
export const within = async <T>(what: string, limit: number, promise: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
