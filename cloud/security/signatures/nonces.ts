import { replayWindow } from "./verify.ts";

/** Nonces seen within the time in which a request with them would still be in date. */
export class Nonces {
  /** Two generations, dropped by turns: no timer, no scan. */
  #now = new Set<string>();
  #before = new Set<string>();
  #since = Number.NEGATIVE_INFINITY;

  /** Whether this key uses the nonce for the first time; remembers it. `now`: epoch ms. */
  use(accessKeyId: string, nonce: string, now: number): boolean {
    // A request may be dated ahead by the window and replayed until behind by it: twice the window.
    if (Math.abs(now - this.#since) > 2 * replayWindow) {
      this.#before = this.#now;
      this.#now = new Set();
      this.#since = now;
    }
    const entry = `${accessKeyId} ${nonce}`;
    if (this.#now.has(entry) || this.#before.has(entry)) return false;
    this.#now.add(entry);
    return true;
  }
}
