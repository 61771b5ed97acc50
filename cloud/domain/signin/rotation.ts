import type { Clock } from "../../base/clock.ts";

/** ms within which a refresh token that was just replaced is accepted once more: its answer may have been lost. */
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
 * What becomes of a presented refresh token: `rotate` = it is the one in force; `repeat` = it is its predecessor and gets the
 * same successor once more; `revoke` = it was issued here and is used up, so it was copied; `unknown` = never issued here. `sinceMs`: how
 * long ago the one in force was made.
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

/**
 * How long ago refresh tokens were replaced, whatever happens to the wall clock meanwhile: a client whose answer was lost must
 * not be signed out because the clock was set back an hour.
 */
export class RotationTimes {
  readonly #clock: Clock;
  readonly #start: number;
  /** Sign-in → monotonic ms; in order of time, for as long as it matters. */
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

  /** ms since the last replacement. `rotatedAt` (epoch ms, of the store) counts only when that was before this process began. */
  since(signInId: string, rotatedAt: number): number {
    const now = this.#clock.monotonic();
    const at = this.#recent.get(signInId);
    if (at !== undefined) return now - at;
    const running = now - this.#start;
    if (running > reuseMs) return running;
    // It was before the start, so at least that long ago; by the wall clock perhaps longer.
    return Math.max(running, this.#clock.now() - rotatedAt);
  }
}
