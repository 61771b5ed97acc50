import { describe, expect, test } from "vitest";
import type { Clock } from "../../base/clock.ts";
import { TestClock } from "../../testing/clock.ts";
import { type AttemptRules, type Attempts, claim, reserveAll } from "./attempts.ts";
import { MemoryAttempts } from "./attempts-memory.ts";

const rules: AttemptRules = { free: 5, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };

/** Every implementation runs the same tests. */
const implementations: [string, (rules: AttemptRules, clock: Clock) => Attempts][] = [
  ["memory", (...given) => new MemoryAttempts(...given)],
];

describe.each(implementations)("attempts: %s", (_name, make) => {
  const counter = (of = rules) => {
    const clock = new TestClock();
    return { clock, attempts: make(of, clock) };
  };
  const reserve = async (attempts: Attempts, n: number) => {
    for (let i = 0; i < n; i++) await attempts.reserve("key");
  };

  test("waits start with the fifth attempt in a minute, double up to 5 min, and expire", async () => {
    const { clock, attempts } = counter();
    await reserve(attempts, 4);
    expect(await attempts.waitFor("key")).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 11; i++) {
      await attempts.reserve("key");
      const wait = await attempts.waitFor("key");
      waits.push(Math.round(wait / 1_000));
      clock.advance(wait + 1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    clock.advance(600_001);
    await reserve(attempts, 4);
    expect(await attempts.waitFor("key")).toBe(0);
  });

  test("spread-out attempts and other keys do not wait, and a success ends the waits", async () => {
    const { clock, attempts } = counter();
    for (let i = 0; i < 20; i++) {
      await attempts.reserve("key");
      clock.advance(16_000);
    }
    expect(await attempts.waitFor("key")).toBe(0);
    await reserve(attempts, 6);
    expect([(await attempts.waitFor("key")) > 0, await attempts.waitFor("other")]).toEqual([true, 0]);
    await attempts.release("key");
    expect(await attempts.waitFor("key")).toBe(0);
  });

  test("reserves one of 50 parallel attempts if one is free", async () => {
    const { attempts } = counter({ ...rules, free: 1 });
    const waits = await Promise.all(Array.from({ length: 50 }, () => attempts.reserve("key")));
    expect(waits.filter((ms) => ms === 0)).toHaveLength(1);
  });

  test("a cancelled attempt is not counted", async () => {
    const { attempts } = counter();
    for (let i = 0; i < 20; i++) {
      expect(await attempts.reserve("key")).toBe(0);
      await attempts.cancel("key");
    }
    expect(await attempts.waitFor("key")).toBe(0);
  });

  test("reserves all of several keys, or none", async () => {
    const { attempts } = counter();
    await reserve(attempts, 5);
    for (let i = 0; i < 20; i++) {
      expect(await reserveAll(claim(attempts, "other"), claim(attempts, "key"))).toBeGreaterThan(0);
    }
    expect(await attempts.waitFor("other")).toBe(0);
    expect(await reserveAll(claim(attempts, "other"), claim(attempts, "third"))).toBe(0);
  });
});
