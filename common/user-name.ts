/** White space, including the zero-width characters that copying may add. */
const blanks = /^[\s\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+$/gu;

/** Removes white space around a user name, which copying adds and no name contains. */
export const typedName = (text: string): string => text.replace(blanks, "");
