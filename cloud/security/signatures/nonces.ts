import { replayWindow } from "./verify.ts";

/** Nonces of all requests whose date is still valid. */
export class Nonces {
  /** Two sets that are dropped in turn, so that no timer or scan is needed. */
  #now = new Set<string>();
  #before = new Set<string>();
  #since = Number.NEGATIVE_INFINITY;

  /**
   * Records a nonce; false = this access key has already used it. `now` is monotonic, ms: a wall clock that is set ahead and back would
   * drop nonces of requests that are valid again.
   */
  use(accessKeyId: string, nonce: string, now: number): boolean {
    // A date may be ahead or behind by the replay window, so a request can be replayed for twice the window.
    if (now - this.#since > 2 * replayWindow) {
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
