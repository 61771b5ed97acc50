import { texts } from "../../common/text/window.ts";
import { shownState, type Tone, toneOf } from "../../common/tone.ts";
import type { IntranetState, PhaseWord } from "../../electron/bridge.ts";

export interface Look {
  tone: Tone;
  word: string;
  /** What is being waited for; "" = nothing. */
  waits: string;
}

/** The appearance of a state: its tone, its word, and what is being waited for. */
export const lookOf = (state: IntranetState, phase: PhaseWord): Look => ({
  tone: toneOf({ ...state, phase }),
  word: texts.shownStates[shownState({ ...state, phase })],
  waits: waitsOf(state, phase),
});

const waitsOf = (state: IntranetState, phase: PhaseWord): string => {
  switch (phase) {
    case "connecting":
      // Without an access point there is no session yet, so the client is waiting for the cloud instance.
      return state.accessPoint ? texts.window.main.waits.accessPoint : texts.window.main.waits.server;
    case "reconnecting":
      // A cause is reported once every access point was tried; until then the text does not change with each of them.
      return state.cause ? state.cause.message : texts.window.main.waits.reconnecting;
    case "disconnecting":
      return texts.window.main.waits.disconnecting;
    case "signing_in":
      return texts.window.main.waits.signing_in;
    default:
      return "";
  }
};
