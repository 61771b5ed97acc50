import { expect, test } from "vitest";
import { TestClock } from "../../testing/clock.ts";
import { judge, type RotationState, RotationTimes } from "./rotation.ts";

const state: RotationState = {
  generation: 5,
  tokenHash: "five",
  formerHash: "four",
  formerReused: false,
};

test.each([
  ["the current token", { hash: "five", generation: 5, authentic: true }, 9e9, {}, "rotate"],
  ["its predecessor at once", { hash: "four", generation: 4, authentic: true }, 0, {}, "repeat"],
  ["its predecessor after 30 s", { hash: "four", generation: 4, authentic: true }, 30_000, {}, "repeat"],
  ["its predecessor later", { hash: "four", generation: 4, authentic: true }, 30_001, {}, "revoke"],
  [
    "its predecessor a third time",
    { hash: "four", generation: 4, authentic: true },
    0,
    { formerReused: true },
    "revoke",
  ],
  ["an older one of ours", { hash: "three", generation: 3, authentic: true }, 0, {}, "revoke"],
  ["an invented old one", { hash: "x", generation: 3, authentic: false }, 0, {}, "unknown"],
  ["one of the future", { hash: "x", generation: 6, authentic: true }, 0, {}, "unknown"],
] as const)("%s", (_name, presented, sinceMs, change, verdict) => {
  expect(judge({ ...state, ...change }, presented, sinceMs)).toBe(verdict);
});

test("the age of a rotation does not depend on the wall clock", () => {
  const clock = new TestClock();
  const times = new RotationTimes(clock);
  clock.advance(60_000);
  for (const jump of [-3_600_000, 3_600_000, -60 * 86_400_000]) {
    const rotatedAt = clock.now();
    times.rotated("a");
    clock.jump(jump);
    clock.advance(1_000);
    expect(times.since("a", rotatedAt)).toBeLessThan(2_000);
    clock.advance(30_000);
    expect(times.since("a", rotatedAt)).toBeGreaterThan(30_000);
    times.rotated("b");
    expect(times.since("a", rotatedAt)).toBeGreaterThan(30_000);
  }
});

test("after a restart, uses the wall clock, but at least the time since the start", () => {
  const clock = new TestClock();
  const rotatedAt = clock.now();
  clock.advance(10_000);
  const times = new RotationTimes(clock);
  expect(times.since("a", rotatedAt)).toBeGreaterThanOrEqual(10_000);
  clock.jump(-3_600_000);
  expect(times.since("a", rotatedAt)).toBeLessThan(1_000);
  clock.advance(31_000);
  expect(times.since("a", rotatedAt)).toBeGreaterThan(30_000);
});
