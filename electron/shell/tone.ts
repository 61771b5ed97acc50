import type { IntranetState } from "../core/model.ts";

/** The five looks of a state: shape and colour of the tray icon. The window's are the same. */
export type Tone = "neutral" | "progress" | "good" | "caution" | "stopped";

export const toneOf = ({ phase, cause, warnings, hops }: IntranetState): Tone => {
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
};
