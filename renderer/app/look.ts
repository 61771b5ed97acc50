import type { IntranetState, PhaseWord } from "../../electron/core/model.ts";
import { words } from "../i18n/en.ts";

export type Tone = "neutral" | "progress" | "good" | "caution" | "stopped";

export interface Look {
  tone: Tone;
  word: string;
  /** What is waited for; "" = nothing. */
  waits: string;
}

/** How a state looks: one tone, one word, and what it waits for. */
export const lookOf = (state: IntranetState, phase: PhaseWord): Look => ({
  tone: toneOf(state, phase),
  word: words.phases[phase],
  waits: waitsOf(state, phase),
});

const toneOf = (state: IntranetState, phase: PhaseWord): Tone => {
  switch (phase) {
    case "connected":
      return state.warnings.length > 0 || state.hops.some((hop) => !hop.whole) ? "caution" : "good";
    case "connecting":
    case "reconnecting":
    case "disconnecting":
    case "signing_in":
      return "progress";
    case "failed":
      return "stopped";
    case "signed_out":
      return state.cause ? "stopped" : "neutral";
    case "disconnected":
      return state.cause ? "stopped" : "neutral";
  }
};

const waitsOf = (state: IntranetState, phase: PhaseWord): string => {
  switch (phase) {
    case "connecting":
      return words.waits.connecting;
    case "reconnecting":
      // Why it was lost, when that is known, says more than that it is being mended.
      return state.cause?.message ?? words.waits.reconnecting(state.accessPoint?.name ?? null);
    case "disconnecting":
      return words.waits.disconnecting;
    case "signing_in":
      return words.waits.signing_in;
    default:
      return "";
  }
};
