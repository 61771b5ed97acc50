import type { Clock } from "../../base/clock.ts";
import type { AttemptRules, Attempts } from "./attempts.ts";

interface Entry {
  /** Times of recent attempts, on the monotonic clock. */
  recent: number[];
  /** Number of consecutive waits. */
  level: number;
  blockedUntil: number;
}

/** How long after the end of a wait it is remembered, ms. */
const forgetAfterMs = 600_000;
const maxEntries = 20_000;

/** Counts in this process's memory; a restart of the server resets all counters. */
export class MemoryAttempts implements Attempts {
  readonly #rules: AttemptRules;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(rules: AttemptRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
  }

  async waitFor(key: string): Promise<number> {
    return this.#waitFor(key);
  }

  #waitFor(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? Math.max(0, entry.blockedUntil - this.#clock.monotonic()) : 0;
  }

  async reserve(key: string): Promise<number> {
    const ms = this.#waitFor(key);
    if (ms === 0) this.#count(key);
    return ms;
  }

  #count(key: string): void {
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
    // Re-insert at the end: a Map keeps insertion order, so the first entry is the least recently used one.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > maxEntries) {
      const oldest = this.#entries.keys().next().value;
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
  }

  async cancel(key: string): Promise<void> {
    this.#entries.get(key)?.recent.pop();
  }

  async release(key: string): Promise<void> {
    this.#entries.delete(key);
  }
}
