import { sentence } from "../../../sentence.ts";
import type { CauseDetails } from "../../types.ts";

export const seconds = (ms: number | undefined): string => {
  if (ms === undefined) return "in a moment";
  const whole = Math.max(1, Math.ceil(ms / 1000));
  return whole < 90 ? `in ${whole} s` : `in ${Math.ceil(whole / 60)} min`;
};

/** Text with the subject, or another text if there is no subject. */
export const about = (before: string, details: CauseDetails, otherwise: string): string =>
  details.subject ? `${before} ${details.subject}` : otherwise;

/** The sender's text as a sentence, if there is no other information. */
export const asSentence = ({ text, subject }: CauseDetails): string | undefined =>
  text && !subject ? sentence(`${text.slice(0, 1).toUpperCase()}${text.slice(1)}`) : undefined;
