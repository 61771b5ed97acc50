import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestRate } from "./rate.ts";

const rules = { perSecond: 10, burst: 5 };

test("allows a burst, then the rate, for each key separately", () => {
  const rate = new RequestRate(rules);
  const taken = (key: string, now: number, times: number) =>
    Array.from({ length: times }, () => rate.take(key, now)).filter(Boolean).length;
  expect(taken("a", 0, 9)).toBe(5);
  expect(taken("b", 0, 9)).toBe(5);
  expect(taken("a", 99, 9)).toBe(0);
  expect(taken("a", 200, 9)).toBe(2);
  expect(taken("a", 3_600_000, 9)).toBe(5);
});

test("never exceeds burst plus rate", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 200 }), (pauses) => {
      const rate = new RequestRate(rules);
      let now = 0;
      let taken = 0;
      for (const pause of pauses) {
        now += pause;
        if (rate.take("a", now)) taken++;
      }
      expect(taken).toBeLessThanOrEqual(rules.burst + (now / 1_000) * rules.perSecond + 1e-6);
    }),
  );
});
