import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Store } from "../store/db.ts";
import { findSetting, putSetting } from "../store/queries/settings.ts";

/** How much faster than real time this clock runs while it is behind the wall clock. */
const catchUp = 2;
/** Minimum interval between writes to the store, ms. */
const noteMs = 10 * 60_000;
/** Jumps of the wall clock larger than this are logged, ms. */
const jumpMs = 3_600_000;
const setting = "settled_time";

/**
 * Clock for deleting by age, which cannot be undone. The wall clock can be wrong by any amount at any time, so a single reading of it
 * is not trusted. This clock is never ahead of the wall clock, and catches up with it at twice real time and only while the server
 * runs. Data that is kept for 7 days therefore survives a wall clock that is wrong for three days, by any amount. The clock is stored,
 * and catches up in the same way after the server was off.
 */
export class SettledTime {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #at: number;
  #wall: number;
  #monotonic: number;
  #noted: number;

  private constructor(store: Store, clock: Clock, log: Log, known: number | undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#at = Math.min(this.#wall, known ?? this.#wall);
    this.#noted = known ?? Number.NEGATIVE_INFINITY;
    const aheadMs = this.#wall - this.#at;
    if (aheadMs > 24 * jumpMs)
      log("warn", "the clock is far ahead of the last run: deletion by age is delayed", { aheadMs });
  }

  static async load(store: Store, clock: Clock, log: Log): Promise<SettledTime> {
    const text = await findSetting(store, setting);
    const known = Number(text);
    return new SettledTime(store, clock, log, text !== undefined && Number.isFinite(known) ? known : undefined);
  }

  /** Returns the current time, epoch ms. Call it every few minutes: only time between calls while the server runs counts. */
  async observe(): Promise<number> {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const ran = Math.max(0, monotonic - this.#monotonic);
    const jumped = wall - this.#wall - ran;
    if (Math.abs(jumped) > jumpMs) {
      this.#log("warn", "the clock was set: deletion by age follows the server's running time", { jumpMs: jumped });
    }
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#at = Math.min(wall, this.#at + ran * catchUp);
    if (Math.abs(this.#at - this.#noted) >= noteMs) await this.#note(this.#at);
    return this.#at;
  }

  async #note(at: number): Promise<void> {
    await putSetting(this.#store, setting, String(Math.floor(at)));
    this.#noted = at;
  }
}
