import type { PhaseWord } from "./words.ts";

/** The five tones of a state, used for shape and colour in the window, the tray icon and the terminal. */
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
