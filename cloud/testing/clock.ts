import { type Clock, systemClock } from "../base/clock.ts";

interface Timer {
  due: number;
  call: () => void;
  cancel: () => void;
}

/** The system clock with an offset. Moving it ahead fires the timers that are then due. */
export class TestClock implements Clock {
  #ahead = 0;
  #wallAhead = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return systemClock.now() + this.#ahead + this.#wallAhead;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#ahead;
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = { due: this.monotonic() + ms, call, cancel: () => {} };
    const stop = systemClock.after(ms, () => this.#fire(timer));
    timer.cancel = () => {
      stop();
      this.#timers.delete(timer);
    };
    this.#timers.add(timer);
    return timer.cancel;
  }

  #fire(timer: Timer): void {
    if (!this.#timers.has(timer)) return;
    timer.cancel();
    timer.call();
  }

  /** Moves only the wall clock by `ms`, forward or back. */
  jump(ms: number): void {
    this.#wallAhead += ms;
  }

  /** Moves both clocks ahead by `ms`. */
  advance(ms: number): void {
    this.#ahead += ms;
    const now = this.monotonic();
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) if (timer.due <= now) this.#fire(timer);
  }
}
