/** How many attempts per key are free, and how long the waits between further ones are. */
export interface AttemptRules {
  /** Number of free attempts within `windowMs`. */
  free: number;
  windowMs: number;
  /** The first wait, ms; each further attempt doubles it. */
  firstWaitMs: number;
  maxWaitMs: number;
}

/**
 * Rate limit for attempts, per key. An attempt is reserved before it is made, so that parallel attempts cannot exceed the limit.
 * `release` after a success, `cancel` if the attempt was not made.
 */
export interface Attempts {
  /** ms until this key may try again; 0 = now. Does not count an attempt. */
  waitFor(key: string): Promise<number>;

  /** Counts an attempt and returns 0, or returns the ms to wait without counting it. */
  reserve(key: string): Promise<number>;

  /** Removes the latest attempt, unless it started a wait. */
  cancel(key: string): Promise<void>;

  /** Resets the key's attempts and wait. */
  release(key: string): Promise<void>;
}

/** Reserves one attempt of each key, or none. Returns the ms to wait; 0 = reserved. */
export async function reserveAll(
  ...claims: readonly { waitFor(): Promise<number>; reserve(): Promise<number>; cancel(): Promise<void> }[]
): Promise<number> {
  const waits = await Promise.all(claims.map((claim) => claim.waitFor()));
  const ms = Math.max(0, ...waits);
  if (ms > 0) return ms;
  for (const [index, claim] of claims.entries()) {
    const refused = await claim.reserve();
    if (refused === 0) continue;
    for (const reserved of claims.slice(0, index)) await reserved.cancel();
    return refused;
  }
  return 0;
}

/** One key of a counter, for `reserveAll`. */
export const claim = (attempts: Attempts, key: string) => ({
  waitFor: () => attempts.waitFor(key),
  reserve: () => attempts.reserve(key),
  cancel: () => attempts.cancel(key),
});
