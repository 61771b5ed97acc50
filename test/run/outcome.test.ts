import { describe, expect, it } from "vitest";
import { isFailureInCi, isUnknown, notRun, passed, sum } from "./outcome.ts";
import { count } from "./vitest.ts";

describe("tests that did not run", () => {
  it.each([
    ["the Electron binary", false],
    ["macOS", false],
    ["root", false],
    ["chromium", true],
    ["a reason it did not give", true],
  ])("without %s fails in CI: %s", (needs, expected) => expect(isFailureInCi({ name: "x", needs })).toBe(expected));
});

it("are not a success if all checks were cut off", () => {
  const cut = notRun("native/internal/tunnel", "more than a minute");
  expect([isUnknown(sum([cut, cut])), isUnknown(sum([cut, passed()])), isUnknown(sum([]))]).toEqual([
    true,
    false,
    false,
  ]);
});

describe("Vitest's report", () => {
  const test = (fullName: string, status: string) => ({ fullName, status, failureMessages: [] });
  const file = (status: string, ...assertionResults: ReturnType<typeof test>[]) => ({
    name: "f",
    status,
    message: "",
    assertionResults,
  });

  it("is counted, including files that fail to load", () => {
    const report = {
      testResults: [file("passed", test("a", "passed")), file("failed", test("b", "failed")), file("failed")],
    };
    expect(count(report, [])).toMatchObject({ passed: 1, failed: 2 });
  });

  it("lists every skipped test with its reason, if it has one", () => {
    const report = { testResults: [file("passed", test("a", "skipped"), test("b", "skipped"))] };
    expect(count(report, [{ name: "a", needs: "curl" }]).notRun).toEqual([
      { name: "a", needs: "curl" },
      { name: "b", needs: "a reason it did not give" },
    ]);
  });
});
