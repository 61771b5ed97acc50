import { expect, test } from "vitest";
import { TestClock } from "../../testing/clock.ts";
import { Wakeup } from "./wakeup.ts";

function watched(answers: (number | undefined | Error)[]) {
  const clock = new TestClock();
  const runs: number[] = [];
  const errors: unknown[] = [];
  const start = clock.now();
  const work = async () => {
    runs.push(Math.round((clock.now() - start) / 1_000));
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer === undefined ? undefined : start + answer;
  };
  const wakeup = new Wakeup(clock, work, (error) => errors.push(error));
  return { clock, runs, errors, wakeup, start };
}

/** Runs pending promise callbacks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("wakes at the earliest deadline, then at the returned one", async () => {
  const { clock, runs, wakeup, start } = watched([50_000, undefined]);
  wakeup.by(start + 30_000);
  wakeup.by(start + 20_000);
  wakeup.by(start + 40_000);
  clock.advance(19_000);
  expect(runs).toEqual([]);
  clock.advance(1_001);
  await settle();
  expect(runs).toEqual([20]);
  clock.advance(30_000);
  await settle();
  expect(runs).toEqual([20, 50]);
  clock.advance(3_600_000);
  await settle();
  expect(runs).toHaveLength(2);
});

test("wakes at least every minute, because the wall clock can be set", async () => {
  const { clock, runs, wakeup, start } = watched([3_600_000]);
  wakeup.by(start + 3_600_000);
  clock.advance(60_001);
  await settle();
  expect(runs).toEqual([60]);
});

test("reports a failure and retries", async () => {
  const { clock, runs, errors, wakeup, start } = watched([new Error("disk full"), undefined]);
  wakeup.by(start);
  clock.advance(1);
  await settle();
  expect(errors).toHaveLength(1);
  clock.advance(5_001);
  await settle();
  expect(runs).toEqual([0, 5]);
});

test("does not run after stop", async () => {
  const { clock, runs, wakeup, start } = watched([]);
  wakeup.by(start + 1_000);
  await wakeup.stop();
  wakeup.by(start + 1_000);
  clock.advance(10_000);
  await settle();
  expect(runs).toEqual([]);
});
