import type { CauseCode } from "../words.ts";
import { causeMessage } from "./cause.ts";
import { rendering, type Words } from "./render.ts";
import type { CauseDetails } from "./types.ts";
import { wire } from "./wire.ts";

/** A message of sag-tunnel or the cloud instance in the active language; "" if there is none. */
export const renderWords = rendering(wire);

/** The message of a failure in the active language: that of its cause, which may include the sender's text. */
export function renderMessage({ cause, ...words }: Words & { cause: CauseCode }, details: CauseDetails = {}): string {
  return causeMessage(cause, { ...details, text: renderWords(words) });
}
