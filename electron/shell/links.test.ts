import { expect, test } from "vitest";
import { linkIn } from "./links.ts";

const link = "sag://enroll?server=sag.example.com&code=CT7X2";

test.each([
  [["/usr/bin/sag", link], link],
  [["sag", "--hidden"], null],
  [["sag", "sag://other?x"], null],
  [["sag", "https://example.com/sag://enroll?x"], null],
  [["sag", `${link} --inspect`], null],
  [["sag", `${link}${"x".repeat(3000)}`], null],
])("%j", (args, expected) => expect(linkIn(args)).toBe(expected));
