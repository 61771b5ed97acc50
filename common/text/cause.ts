import type { CauseCode } from "../words.ts";
import { texts } from "./index.ts";
import type { CauseDetails, CauseMessage } from "./types.ts";

/** The message of a cause: one sentence about what is wrong. */
export const causeMessage = (cause: CauseCode, details: CauseDetails): string =>
  render(texts.causes[cause].message, details);

/** What to do about it. */
export const causeAction = (cause: CauseCode, details: CauseDetails): string =>
  render(texts.causes[cause].action, details);

/** Whether a cause has another action at a terminal than in the app. */
export const hasCommand = (cause: CauseCode): boolean => texts.causes[cause].command !== undefined;

/** What to do about it at a terminal. */
export const causeCommand = (cause: CauseCode, details: CauseDetails): string =>
  render(texts.causes[cause].command ?? texts.causes[cause].action, details);

const render = (text: CauseMessage, details: CauseDetails): string => (typeof text === "string" ? text : text(details));
