/** Blanks of any kind, those without width that copying brings along included. */
const blanks = /^[\s\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+$/gu;

/** A user name as it was meant: copied ones come with blanks before or after them, and no name has any. */
export const typedName = (text: string): string => text.replace(blanks, "");
