import type { PhaseWord } from "./words.ts";

/** The five looks of a state, by shape and colour: of the window, the tray icon and the lines of a terminal. */
export type Tone = "neutral" | "progress" | "good" | "caution" | "stopped";

interface State {
  phase: PhaseWord;
  cause: unknown;
  warnings: readonly unknown[];
  hops: readonly { whole: boolean }[];
}

export function toneOf({ phase, cause, warnings, hops }: State): Tone {
  switch (phase) {
    case "connected":
      return warnings.length > 0 || hops.some((hop) => !hop.whole) ? "caution" : "good";
    case "connecting":
    case "reconnecting":
    case "disconnecting":
    case "signing_in":
      return "progress";
    case "failed":
      return "stopped";
    case "signed_out":
    case "disconnected":
      return cause ? "stopped" : "neutral";
  }
}
