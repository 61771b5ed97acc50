/** Wakes one waiter. If there is none, the signal is kept for the next waiter. */
export class Signal {
  #isSet = false;
  #wake: (() => void) | undefined;

  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Returns true when set, false after `ms` or when aborted. */
  async wait(ms: number, abort: AbortSignal): Promise<boolean> {
    if (!this.#isSet && !abort.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const wake = () => {
          clearTimeout(timer);
          abort.removeEventListener("abort", wake);
          resolve();
        };
        this.#wake = wake;
        abort.addEventListener("abort", wake, { once: true });
      });
      this.#wake = undefined;
    }
    const wasSet = this.#isSet;
    this.#isSet = false;
    return wasSet;
  }
}
