import type { Clock } from "../base/clock.ts";

export interface AttemptRules {
  /** Failures within `windowMs` that are free. */
  free: number;
  windowMs: number;
  /** The first wait; each further failure doubles it. */
  firstWaitMs: number;
  maxWaitMs: number;
}

/** 5 failures in a minute, then 1 s doubling to 5 min. */
export const accountRules: AttemptRules = { free: 5, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/** Codes of a second factor: who tries them has the password, so failures count for longer. */
export const secondFactorRules: AttemptRules = { ...accountRules, windowMs: 3_600_000 };
/** Codes and names that do not exist, from one address prefix: people mistype, scanners do it often. */
export const unknownRules: AttemptRules = { free: 20, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };

interface Entry {
  /** When the recent failures were, on the monotonic clock. */
  recent: number[];
  /** How many waits were imposed in a row. */
  level: number;
  blockedUntil: number;
}

/** Ms after the end of a wait until it is forgotten. */
const forgetAfterMs = 600_000;
const maxEntries = 20_000;

/** Counts failures per key and says how long to wait. Held in memory: a restart of the server forgives. */
export class AttemptLimiter {
  readonly #rules: AttemptRules;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(rules: AttemptRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
  }

  /** ms to wait before this key may try again; 0 = now. */
  waitFor(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? Math.max(0, entry.blockedUntil - this.#clock.monotonic()) : 0;
  }

  /**
   * Counts a failure. Callers count before they check the password and forgive on success, so that many attempts at once do
   * not all slip through before the first is counted.
   */
  fail(key: string): void {
    const now = this.#clock.monotonic();
    const rules = this.#rules;
    let entry = this.#entries.get(key);
    if (!entry || (entry.level > 0 && now - entry.blockedUntil > forgetAfterMs)) {
      entry = { recent: [], level: 0, blockedUntil: 0 };
    }
    entry.recent = entry.recent.filter((at) => now - at < rules.windowMs);
    entry.recent.push(now);
    if (entry.level > 0 || entry.recent.length >= rules.free) {
      entry.blockedUntil = now + Math.min(rules.firstWaitMs * 2 ** entry.level, rules.maxWaitMs);
      entry.level = Math.min(entry.level + 1, 30);
      entry.recent = [];
    }
    // Re-inserted at the end: the map's order is then the order of last use, and the oldest can go when it grows too large.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > maxEntries) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  forgive(key: string): void {
    this.#entries.delete(key);
  }
}
