import { expect, it } from "vitest";
import { goResults } from "./go-results.ts";

const lines = (...events: object[]): string => events.map((event) => JSON.stringify(event)).join("\n");
const where = { Package: "sag.software/native/internal/a" };
const output = (Test: string, ...text: string[]): object[] =>
  text.map((line) => ({ Action: "output", ...where, Test, Output: `${line}\n` }));

it("counts tests instead of packages", () => {
  const json = lines(
    { Action: "pass", ...where, Test: "TestOne" },
    { Action: "pass", ...where, Test: "TestOne/x" },
    { Action: "pass", ...where },
  );
  expect(goResults(json)).toMatchObject({ passed: 2, failed: 0, notRun: [], through: new Set([where.Package]) });
});

it("prints the name and output of failed tests, and counts their package only if no test of it failed", () => {
  const json = lines(
    ...output("TestOne", "=== RUN   TestOne", "--- FAIL: TestOne (0.00s)"),
    ...output("TestOne/x", "    a_test.go:3: got 1", "    --- FAIL: TestOne/x (0.00s)"),
    { Action: "fail", ...where, Test: "TestOne/x" },
    { Action: "fail", ...where, Test: "TestOne" },
    { Action: "fail", ...where },
    { Action: "build-output", ImportPath: "b", Output: "does not compile\n" },
    { Action: "fail", Package: "b" },
  );
  const results = goResults(json);
  expect(results.failed).toBe(3);
  expect(results.trouble).toBe("does not compile\nfailed: internal/a TestOne/x\n    a_test.go:3: got 1\nfailed: b");
});

it("prints the first and the last lines of a long output", () => {
  const many = Array.from({ length: 100 }, (_, i) => `    a_test.go:3: line ${i}.`);
  const json = lines(...output("TestOne", ...many), { Action: "fail", ...where, Test: "TestOne" });
  const { trouble } = goResults(json);
  expect(trouble).toMatch(/line 0\.[\s\S]*line 29\.\n… 60 more lines\n.*line 90\.[\s\S]*line 99\./);
});

it("names the tests that were running when a package ended early", () => {
  const json = lines({ Action: "run", ...where, Test: "TestOne" }, ...output("TestOne", "panic: in a goroutine"), {
    Action: "fail",
    ...where,
  });
  const results = goResults(json);
  expect(results.failed).toBe(1);
  expect(results.trouble).toMatch(/failed: internal\/a\ndid not finish: internal\/a TestOne\npanic: in a goroutine/);
});

it("does not count a package that was cut off as failed, but the tests of it that had failed", () => {
  const cut = (...before: object[]): string =>
    `${lines(
      ...before,
      { Action: "run", ...where, Test: "TestTwo" },
      ...output("TestTwo", "signal: interrupt"),
      { Action: "fail", ...where },
      { Action: "pass", Package: "b", Test: "TestThree" },
      { Action: "pass", Package: "b" },
    )}\n{"Action":"pa`;
  expect(goResults(cut(), true)).toEqual({ passed: 1, failed: 0, notRun: [], trouble: "", through: new Set(["b"]) });
  const failed = [...output("TestOne", "    a_test.go:3: got 1"), { Action: "fail", ...where, Test: "TestOne" }];
  expect(goResults(cut(...failed), true)).toMatchObject({
    failed: 1,
    trouble: "failed: internal/a TestOne\n    a_test.go:3: got 1",
    through: new Set(["b"]),
  });
});

it("reports why a test was skipped", () => {
  const json = lines(
    ...output("TestTun", "    tun_test.go:12: not run: needs root"),
    { Action: "skip", ...where, Test: "TestTun" },
    { Action: "skip", ...where, Test: "TestMute" },
    { Action: "pass", ...where },
  );
  expect(goResults(json).notRun).toEqual([
    { name: "internal/a TestTun", needs: "root" },
    { name: "internal/a TestMute", needs: "a reason it did not give" },
  ]);
});
