/** How many attempts of one key are free, and how long the waits between further ones are. */
export interface AttemptRules {
  /** Attempts within `windowMs` that are free. */
  free: number;
  windowMs: number;
  /** The first wait; each further attempt doubles it. */
  firstWaitMs: number;
  maxWaitMs: number;
}

/**
 * Counts attempts by key and says how long to wait between them. An attempt is reserved before it is made, so that of many at once no
 * more get through than are free; success releases the key, and an attempt that was not made after all is cancelled.
 */
export interface Attempts {
  /** ms to wait before this key may try again; 0 = now. Nothing is counted. */
  waitFor(key: string): Promise<number>;

  /** Counts an attempt; ms to wait first = it was not counted. */
  reserve(key: string): Promise<number>;

  /** Uncounts the latest attempt, unless it led to a wait. */
  cancel(key: string): Promise<void>;

  /** Forgets all attempts of the key, and the wait that they led to. */
  release(key: string): Promise<void>;
}

/** Reserves one attempt of each, or of none of them: ms to wait; 0 = reserved. */
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

/** One key of a counter, as `reserveAll` takes it. */
export const claim = (attempts: Attempts, key: string) => ({
  waitFor: () => attempts.waitFor(key),
  reserve: () => attempts.reserve(key),
  cancel: () => attempts.cancel(key),
});
