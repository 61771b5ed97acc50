import { expect, test } from "vitest";
import { sourceOf } from "../security/address-prefix.ts";
import { MemoryAttempts } from "../store/shared/attempts-memory.ts";
import { TestClock } from "../testing/clock.ts";
import { accountRules, SourceAttempts } from "./attempts.ts";

test("a /48 of IPv6 does not count as 65,536 sources, and one host does not lock out its /24", async () => {
  const clock = new TestClock();
  const attempts = new SourceAttempts("test", accountRules, (_name, rules) => new MemoryAttempts(rules, clock));
  let tried = 0;
  for (let i = 0; i < 1_000; i++) {
    const anna = attempts.of(sourceOf(`2001:db8:1:${i.toString(16)}::1`), "anna");
    if ((await anna.waitFor()) > 0) continue;
    await anna.reserve();
    tried++;
  }
  expect(tried).toBe(20);
  for (let i = 0; i < 5; i++) await attempts.of(sourceOf("192.0.2.7"), "anna").reserve();
  expect(await attempts.of(sourceOf("192.0.2.7"), "anna").waitFor()).toBeGreaterThan(0);
  expect(await attempts.of(sourceOf("192.0.2.8"), "anna").waitFor()).toBe(0);
});
