import fc from "fast-check";
import { expect, test } from "vitest";
import { ratesOf } from "./rates.ts";

const at = (second: number, rxBytes: number, txBytes = 0) => ({ at: second * 1000, rxBytes, txBytes });

test("1 MB in a second is 8 Mbit/s in that second", () => {
  const { down, up, at: times } = ratesOf([at(100, 0), at(101, 1_000_000, 500_000)], 102_000, 5);
  expect(times).toEqual([98, 99, 100, 101, 102]);
  expect(down).toEqual([0, 0, 8_000_000, 0, 0]);
  expect(up).toEqual([0, 0, 4_000_000, 0, 0]);
});

test("spreads the traffic between points 3 s apart over the whole time", () => {
  expect(ratesOf([at(100, 0), at(103, 3_000_000)], 104_000, 5).down).toEqual([8e6, 8e6, 8e6, 0, 0]);
});

test("shows no traffic without points, with one point, and with decreasing counters", () => {
  for (const points of [[], [at(100, 5)], [at(100, 500), at(101, 3)]]) {
    expect(ratesOf(points, 102_000, 4).down).toEqual([0, 0, 0, 0]);
  }
});

test("has a finite rate for every second, for any input", () => {
  const points = fc.array(fc.record({ at: fc.nat(400_000), rxBytes: fc.nat(), txBytes: fc.nat() }));
  fc.assert(
    fc.property(points, (given) => {
      const sorted = given.toSorted((a, b) => a.at - b.at);
      const { at: times, down, up } = ratesOf(sorted, 400_000, 300);
      expect([times.length, down.length, up.length]).toEqual([300, 300, 300]);
      for (const value of [...down, ...up]) expect(Number.isFinite(value) && value >= 0).toBe(true);
    }),
  );
});
