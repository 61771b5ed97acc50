import { expect, test } from "vitest";
import { judge, type RotationState } from "./rotation.ts";

const state: RotationState = {
  generation: 5,
  tokenHash: "five",
  formerHash: "four",
  rotatedAt: 1_000,
  formerReused: false,
};

test.each([
  ["the one in force", { hash: "five", generation: 5, authentic: true }, 9e9, {}, "rotate"],
  ["its predecessor at once", { hash: "four", generation: 4, authentic: true }, 1_000, {}, "repeat"],
  ["its predecessor after 30 s", { hash: "four", generation: 4, authentic: true }, 31_000, {}, "repeat"],
  ["its predecessor later", { hash: "four", generation: 4, authentic: true }, 31_001, {}, "revoke"],
  [
    "its predecessor a third time",
    { hash: "four", generation: 4, authentic: true },
    1_000,
    { formerReused: true },
    "revoke",
  ],
  ["its predecessor when the clock went back", { hash: "four", generation: 4, authentic: true }, 0, {}, "revoke"],
  ["an older one of ours", { hash: "three", generation: 3, authentic: true }, 1_000, {}, "revoke"],
  ["an invented old one", { hash: "x", generation: 3, authentic: false }, 1_000, {}, "unknown"],
  ["one of the future", { hash: "x", generation: 6, authentic: true }, 1_000, {}, "unknown"],
] as const)("%s", (_name, presented, now, change, verdict) => {
  expect(judge({ ...state, ...change }, presented, now)).toBe(verdict);
});
