import { hopState } from "./hop-state.ts";
import type { HopWord, PhaseWord } from "./words.ts";

/** The five tones of a state, used for shape and colour in the window, the tray icon and the terminal. */
export type Tone = "neutral" | "progress" | "good" | "caution" | "stopped";

interface Reach {
  phase: PhaseWord;
  session: { routes: readonly unknown[] } | null;
}

interface State extends Reach {
  cause: unknown;
  warnings: readonly unknown[];
  hops: readonly { kind: HopWord; whole: boolean; missing: unknown }[];
}

/** What a state is called: its phase, or that the tunnel is up and leads nowhere. */
export type ShownState = PhaseWord | "nothing_reachable";

/** Without routes, for whatever reason, nothing in the intranet can be reached, although the tunnel is up. */
export const shownState = ({ phase, session }: Reach): ShownState =>
  phase === "connected" && session?.routes.length === 0 ? "nothing_reachable" : phase;

export function toneOf(state: State): Tone {
  const { cause, warnings, hops } = state;
  switch (shownState(state)) {
    case "connected":
      return warnings.length > 0 || hops.some((hop) => hopState(hop) === "broken") ? "caution" : "good";
    case "connecting":
    case "reconnecting":
    case "disconnecting":
    case "signing_in":
      return "progress";
    case "nothing_reachable":
    case "failed":
      return "stopped";
    case "signed_out":
    case "disconnected":
      return cause ? "stopped" : "neutral";
  }
}
