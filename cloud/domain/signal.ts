/** Wakes one waiter; a signal without a waiter is kept for the next one, once. */
export class Signal {
  #isSet = false;
  #wake: (() => void) | undefined;

  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** True when it was set, false when `ms` passed or `abort` came before. */
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
