import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Failure } from "../causes/failure.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { ProgressStore } from "./progress.ts";

let environment: TestEnvironment;
beforeEach(() => {
  environment = testEnvironment();
});
afterEach(() => environment.remove());

const path = (): string => join(environment.runtimeDir, "aaaa", "attempt.json");

test("every program sees the latest attempt, with what its cause says", () => {
  const app = new ProgressStore(environment);
  const shell = new ProgressStore(environment);
  const failure = new Failure("instance_unreachable", { subject: "sag.example.com" });
  shell.fail("aaaa", failure, "s1 CAUSE_KICKED");
  expect(app.get("aaaa")).toEqual({ phase: "failed", cause: failure.view, tunnel: "s1 CAUSE_KICKED" });
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  app.set("aaaa", "connecting");
  expect(shell.get("aaaa")).toMatchObject({ phase: "connecting", cause: null });
  expect(app.isWithdrawn("aaaa")).toBe(false);
  shell.set("aaaa", "disconnecting");
  expect(app.isWithdrawn("aaaa")).toBe(true);
  shell.clear("aaaa");
  expect([app.get("aaaa"), app.isWithdrawn("aaaa")]).toEqual([undefined, true]);
});

test("a program that was killed no longer connects, but what it failed with stays", () => {
  const { pid } = spawnSync("true");
  const store = new ProgressStore(environment);
  store.set("aaaa", "connecting");
  const kept = JSON.parse(readFileSync(path(), "utf8"));
  writeFileSync(path(), JSON.stringify({ ...kept, pid }));
  expect([store.get("aaaa"), store.isOthers("aaaa")]).toEqual([undefined, false]);
  writeFileSync(path(), JSON.stringify({ ...kept, pid: process.ppid }));
  expect([store.get("aaaa")?.phase, store.isOthers("aaaa")]).toEqual(["connecting", true]);
  writeFileSync(path(), JSON.stringify({ phase: "failed", pid, cause: "of_a_later_version" }));
  expect(store.get("aaaa")).toMatchObject({ phase: "failed", cause: { cause: "unknown" } });
  writeFileSync(path(), "{");
  expect(store.get("aaaa")).toBeUndefined();
});

test("a limit counts down, and is no reason once it has passed", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  try {
    const store = new ProgressStore(environment);
    store.fail("aaaa", new Failure("too_many_attempts", { retryAfterMs: 19_000 }), "");
    vi.setSystemTime(1_800_000_012_000);
    expect(store.get("aaaa")?.cause?.action).toContain("in 7 s");
    // A clock that was set back does not make the limit longer.
    vi.setSystemTime(1_700_000_000_000);
    expect(store.get("aaaa")?.cause?.action).toContain("in 19 s");
    vi.setSystemTime(1_800_000_019_000);
    expect(store.get("aaaa")).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test("an attempt that cannot be written is known to its own program", () => {
  mkdirSync(environment.runtimeDir, { recursive: true });
  // A file in the place of the directory, because root may write everywhere.
  writeFileSync(join(environment.runtimeDir, "aaaa"), "");
  chmodSync(environment.runtimeDir, 0o700);
  const store = new ProgressStore(environment);
  store.set("aaaa", "connecting");
  expect([store.get("aaaa")?.phase, store.isWithdrawn("aaaa")]).toEqual(["connecting", false]);
  expect(() => store.clear("aaaa")).not.toThrow();
  expect(store.get("aaaa")).toBeUndefined();
});
