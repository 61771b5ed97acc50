import type { Clock } from "../../base/clock.ts";

/** Longest timer, ms. The wall clock can be set, so deadlines are checked at least this often. */
const longestMs = 60_000;

/** Delay before a retry after a failure, such as a full disk, ms. */
const retryMs = 5_000;

/** Calls `work` at the earliest deadline. `work` returns the next deadline (epoch ms), if any. */
export class Wakeup {
  readonly #clock: Clock;
  readonly #work: () => Promise<number | undefined>;
  readonly #failed: (error: unknown) => void;
  #cancel: (() => void) | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, work: () => Promise<number | undefined>, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#work = work;
    this.#failed = failed;
  }

  /** Adds a deadline at `at` (epoch ms). */
  by(at: number): void {
    if (this.#stopped || (this.#cancel && at >= this.#deadline)) return;
    this.#cancel?.();
    this.#deadline = at;
    this.#cancel = this.#clock.after(Math.min(at - this.#clock.now(), longestMs), () => {
      this.#cancel = undefined;
      this.#running = this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#deadline = Number.POSITIVE_INFINITY;
    try {
      const next = await this.#work();
      if (next !== undefined) this.by(next);
    } catch (error) {
      this.#failed(error);
      this.by(this.#clock.now() + retryMs);
    }
  }

  /** Resolves when `work` is not running. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }
}
