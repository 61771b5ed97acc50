import { expect, test } from "vitest";
import { FairQueue } from "./fair-queue.ts";

const rules = { concurrent: 2, waiting: 12, perAccount: 4, perHost: 8 };

/** A queue whose tasks end when the test resolves them. */
function queue() {
  const fair = new FairQueue(rules, () => new Error("full"));
  const started: string[] = [];
  const refused: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (name: string, host: string, account = "") => {
    const work = () =>
      new Promise<void>((resolve) => {
        started.push(name);
        ends.push(resolve);
      });
    fair.run({ host, account }, work).catch(() => refused.push(name));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (count = 1) => {
    for (let i = 0; i < count; i++) {
      ends.shift()?.();
      await settle();
    }
  };
  return { ask, started, refused, settle, end };
}

test("limits one account across all hosts", async () => {
  const { ask, started, refused, settle, end } = queue();
  for (let i = 0; i < 80; i++) ask(`a${i}`, `192.0.2.${i}`, "anna");
  ask("victim", "203.0.113.1", "other");
  await settle();
  expect([started, refused.length]).toEqual([["a0", "a1"], 76]);
  await end(3);
  expect(started).toEqual(["a0", "a1", "a2", "a3", "victim"]);
  await end(2);
  // All slots are free again.
  for (let i = 0; i < 4; i++) ask(`b${i}`, "192.0.2.1", "anna");
  await settle();
  expect(refused).toHaveLength(76);
});

test("hosts take turns, and the host with the most waiting tasks loses one when the queue is full", async () => {
  const { ask, started, refused, settle, end } = queue();
  for (let i = 0; i < 20; i++) ask(`a${i}`, "192.0.2.1", `name ${i}`);
  await settle();
  expect(refused).toHaveLength(12);
  for (let i = 0; i < 8; i++) ask(`b${i}`, "192.0.2.2", `name ${i}`);
  ask("victim", "203.0.113.1", "other");
  await settle();
  // 6 tasks of a and 6 of b were waiting: the latest of one of them was refused, and so were b's further tasks.
  expect(refused).toHaveLength(15);
  await end(3);
  expect(started).toEqual(["a0", "a1", "a2", "b0", "victim"]);
});
