import { expect, test } from "vitest";
import { sentence } from "./sentence.ts";

test.each([
  ["is missing in: user", "is missing in: user."],
  ["Done.", "Done."],
  ["Really?", "Really?"],
  ['missing in "name".', 'missing in "name".'],
  ['Say "yes."', 'Say "yes."'],
  ["", ""],
])("%j can be followed by another sentence", (text, whole) => {
  expect(sentence(text)).toBe(whole);
});
