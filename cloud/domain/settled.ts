import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Store } from "../store/db.ts";
import { findSetting, putSetting } from "../store/queries/settings.ts";

/** How much faster than the server runs this time may go while it is behind the wall clock. */
const catchUp = 2;
/** ms between two notes of it in the store. */
const noteMs = 10 * 60_000;
/** ms by which the wall clock has to move on its own to be worth a line in the log. */
const jumpMs = 3_600_000;
const setting = "settled_time";

/**
 * The time for what cannot be taken back, such as deleting by age. The wall clock may be wrong by any amount, at a start or
 * later, so one reading of it proves nothing. This time never is ahead of the wall clock, and comes nearer to it only while the
 * server runs, twice as fast as that. So what is kept for 7 days survives a clock that is wrong for a long weekend, by however
 * much. It outlives restarts; what passes while the server is off is made up for in the same way.
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
      log("warn", "the clock is far ahead of the last run: deleting by age waits", { aheadMs });
  }

  static async load(store: Store, clock: Clock, log: Log): Promise<SettledTime> {
    const text = await findSetting(store, setting);
    const known = Number(text);
    return new SettledTime(store, clock, log, text !== undefined && Number.isFinite(known) ? known : undefined);
  }

  /** Epoch ms. To be called every few minutes: only what was observed counts. */
  async observe(): Promise<number> {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const ran = Math.max(0, monotonic - this.#monotonic);
    const jumped = wall - this.#wall - ran;
    if (Math.abs(jumped) > jumpMs) {
      this.#log("warn", "the clock was set: deleting by age goes by the time that the server runs", { jumpMs: jumped });
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
