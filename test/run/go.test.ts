import { expect, it } from "vitest";
import { count } from "./go.ts";

const lines = (...events: object[]): string => events.map((event) => JSON.stringify(event)).join("\n");
const where = { Package: "sag.software/native/internal/a" };

it("counts tests, not packages", () => {
  const json = lines(
    { Action: "pass", ...where, Test: "TestOne" },
    { Action: "pass", ...where, Test: "TestOne/x" },
    { Action: "pass", ...where },
  );
  expect(count(json)).toMatchObject({ passed: 2, failed: 0, notRun: [] });
});

it("shows what a failed test said, and counts its package once only when no test of it failed", () => {
  const json = lines(
    { Action: "output", ...where, Test: "TestOne", Output: "got 1\n" },
    { Action: "fail", ...where, Test: "TestOne" },
    { Action: "fail", ...where },
    { Action: "build-output", ImportPath: "b", Output: "does not compile\n" },
    { Action: "fail", Package: "b" },
  );
  const counted = count(json);
  expect(counted.failed).toBe(2);
  expect(counted.trouble).toMatch(/got 1[\s\S]*does not compile/);
});

it("tells why a test was skipped", () => {
  const json = lines(
    { Action: "output", ...where, Test: "TestTun", Output: "    tun_test.go:12: needs root\n" },
    { Action: "skip", ...where, Test: "TestTun" },
    { Action: "skip", ...where, Test: "TestMute" },
  );
  expect(count(json).notRun).toEqual([
    { name: "internal/a TestTun", needs: "root" },
    { name: "internal/a TestMute", needs: "a reason it did not give" },
  ]);
});
