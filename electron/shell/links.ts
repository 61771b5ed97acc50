/** The URL scheme of enrolment links. */
export const linkScheme = "sag";

/** Longest link accepted, characters; real ones are shorter. */
const limit = 2048;

/** The enrolment link among a program's arguments; other arguments are ignored. */
export const linkIn = (args: string[]): string | null =>
  args.find((argument) => argument.length <= limit && /^sag:\/\/enroll\?\S+$/i.test(argument)) ?? null;
