import { expect, it } from "vitest";
import { chooseSeed, describeVariation, draw } from "./variation.ts";

it("draws the same for the same seed and file, and every value over many seeds", () => {
  expect(draw("/a/dial.test.ts", "7")).toEqual(draw("/b/dial.test.ts", "7"));
  const drawn = Array.from({ length: 200 }, (_, seed) => draw("dial.test.ts", String(seed)));
  expect(new Set(drawn.map((one) => one.nameServer)).size).toBe(4);
  expect(new Set(drawn.map((one) => one.runtimeDir)).size).toBe(3);
});

it("uses and prints a given seed", () => {
  const env = { SAG_TEST_SEED: "12" };
  expect(chooseSeed(env)).toBe("12");
  expect(chooseSeed({})).toMatch(/^[0-9a-f]+$/);
  expect(describeVariation(draw("x.test.ts", "12"), "12")).toContain("SAG_TEST_SEED=12");
});
