import type { Clock } from "../../base/clock.ts";

/** How long a replaced refresh token is accepted once more, ms, in case the answer with its successor was lost. */
export const reuseMs = 30_000;

export interface RotationState {
  generation: number;
  tokenHash: string;
  formerHash: string | null;
  formerReused: boolean;
}

export interface Presented {
  hash: string;
  generation: number;
  authentic: boolean;
}

/**
 * Decides what to do with a presented refresh token: `rotate` = it is current; `repeat` = it is the predecessor, return the same
 * successor again; `revoke` = it was issued here and is used up, so it may have been stolen; `unknown` = it was not issued here.
 * `sinceMs` is the age of the current token.
 */
export function judge(
  state: RotationState,
  presented: Presented,
  sinceMs: number,
): "rotate" | "repeat" | "revoke" | "unknown" {
  if (presented.hash === state.tokenHash) return "rotate";
  if (presented.hash === state.formerHash) return !state.formerReused && sinceMs <= reuseMs ? "repeat" : "revoke";
  return presented.authentic && presented.generation < state.generation ? "revoke" : "unknown";
}

/** Age of refresh tokens on the monotonic clock: setting the wall clock back must not sign out a client whose answer was lost. */
export class RotationTimes {
  readonly #clock: Clock;
  readonly #start: number;
  /** Sign-in id → time of its last rotation (monotonic ms), oldest first; entries older than reuseMs are removed. */
  readonly #recent = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = clock.monotonic();
  }

  rotated(signInId: string): void {
    const now = this.#clock.monotonic();
    this.#recent.delete(signInId);
    this.#recent.set(signInId, now);
    for (const [id, at] of this.#recent) {
      if (now - at <= reuseMs) break;
      this.#recent.delete(id);
    }
  }

  /** ms since the last rotation. `rotatedAt` (epoch ms, from the store) is used only for rotations before this process started. */
  since(signInId: string, rotatedAt: number): number {
    const now = this.#clock.monotonic();
    const at = this.#recent.get(signInId);
    if (at !== undefined) return now - at;
    const running = now - this.#start;
    if (running > reuseMs) return running;
    // The rotation was before the start, so it is at least that old; by the wall clock it may be older.
    return Math.max(running, this.#clock.now() - rotatedAt);
  }
}
