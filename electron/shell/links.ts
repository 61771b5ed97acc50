/** The scheme that enrolment links have. */
export const linkScheme = "sag";

/** Characters of a link; more than any real one has. */
const limit = 2048;

/** The enrolment link a program was started with; only that kind, the rest of the arguments is not for us. */
export const linkIn = (args: string[]): string | null =>
  args.find((argument) => argument.length <= limit && /^sag:\/\/enroll\?\S+$/i.test(argument)) ?? null;
