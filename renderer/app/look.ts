import { texts } from "../../common/text/window.ts";
import { type Tone, toneOf } from "../../common/tone.ts";
import type { IntranetState, PhaseWord } from "../../electron/bridge.ts";

export interface Look {
  tone: Tone;
  word: string;
  /** What is waited for; "" = nothing. */
  waits: string;
}

/** How a state looks: one tone, one word, and what it waits for. */
export const lookOf = (state: IntranetState, phase: PhaseWord): Look => ({
  tone: toneOf({ ...state, phase }),
  word: texts.phases[phase],
  waits: waitsOf(state, phase),
});

const waitsOf = (state: IntranetState, phase: PhaseWord): string => {
  switch (phase) {
    case "connecting":
      // Without an access point there is no session yet: the cloud instance is asked for one.
      return state.accessPoint ? texts.window.main.waits.accessPoint : texts.window.main.waits.server;
    case "reconnecting":
      // The cause comes once every access point was tried; until then one text, whichever it is now.
      return state.cause ? state.cause.message : texts.window.main.waits.reconnecting;
    case "disconnecting":
      return texts.window.main.waits.disconnecting;
    case "signing_in":
      return texts.window.main.waits.signing_in;
    default:
      return "";
  }
};
