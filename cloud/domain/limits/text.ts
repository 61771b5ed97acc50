import { invalid } from "../../base/cause.ts";

/** Length in characters as a person counts them (code points). */
export function lengthOf(text: string): number {
  return [...text].length;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Checks a text that people read: its length and that it is one line without control characters. */
export function requireText(field: string, text: string, min: number, max: number): string {
  const length = lengthOf(text);
  if (length < min || length > max)
    throw invalid(field, `The ${field} must have ${min} to ${max} characters; it has ${length}.`);
  if (control.test(text)) throw invalid(field, `The ${field} must be one line without control characters.`);
  return text;
}
