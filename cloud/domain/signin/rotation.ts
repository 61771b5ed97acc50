/** ms within which a refresh token that was just replaced is accepted once more: its answer may have been lost. */
export const reuseMs = 30_000;

export interface RotationState {
  generation: number;
  tokenHash: string;
  formerHash: string | null;
  /** Epoch ms. */
  rotatedAt: number;
  formerReused: boolean;
}

export interface Presented {
  hash: string;
  generation: number;
  authentic: boolean;
}

/**
 * What becomes of a presented refresh token: `rotate` = it is the one in force; `repeat` = it is its predecessor and gets the
 * same successor once more; `revoke` = it was ours and is used up, so somebody has a copy; `unknown` = never ours.
 */
export function judge(
  state: RotationState,
  presented: Presented,
  now: number,
): "rotate" | "repeat" | "revoke" | "unknown" {
  if (presented.hash === state.tokenHash) return "rotate";
  if (presented.hash === state.formerHash) {
    const age = now - state.rotatedAt;
    return !state.formerReused && age >= 0 && age <= reuseMs ? "repeat" : "revoke";
  }
  return presented.authentic && presented.generation < state.generation ? "revoke" : "unknown";
}
