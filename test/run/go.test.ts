import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findGo } from "../../build/lib/go.ts";
import { compiles, count } from "./go.ts";

const lines = (...events: object[]): string => events.map((event) => JSON.stringify(event)).join("\n");
const where = { Package: "sag.software/native/internal/a" };

it("counts tests instead of packages", () => {
  const json = lines(
    { Action: "pass", ...where, Test: "TestOne" },
    { Action: "pass", ...where, Test: "TestOne/x" },
    { Action: "pass", ...where },
  );
  expect(count(json)).toMatchObject({ passed: 2, failed: 0, notRun: [] });
});

it("prints the output of a failed test, and counts its package only if no test of it failed", () => {
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

it("reports why a test was skipped", () => {
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

it("finds what does not compile on another platform, including tests, and nothing else", {
  timeout: 120_000,
}, async () => {
  const module = mkdtempSync(join(tmpdir(), "sag-module"));
  const write = (name: string, ...code: string[]) => writeFileSync(join(module, name), `${code.join("\n")}\n`);
  try {
    write("go.mod", "module example.com/a", "go 1.26");
    write("a.go", "package a", 'import "time"', "func A() time.Duration { return b() + time.Second }");
    write("b_linux.go", "package a", 'import "time"', "func b() time.Duration { return 0 }");
    write("b_darwin.go", "package a", "func b() int { return 0 }");
    write("b_windows.go", "package a", 'import "time"', "func b() time.Duration { return 0 }");
    write("a_windows_test.go", "package a_test", 'import "example.com/a"', "var _ = a.Nowhere");
    const found = async (...platforms: string[]) => (await compiles(await findGo(), module, platforms)).trouble;
    expect(await found("linux/amd64", "linux/arm64")).toBe("");
    const trouble = await found("darwin/arm64", "linux/amd64", "windows/amd64");
    expect(trouble).toMatch(
      /^darwin\/arm64:\n.*a\.go:3.*mismatched types.*\nwindows\/amd64:\n.*a_windows_test\.go:3.*Nowhere/,
    );
  } finally {
    rmSync(module, { recursive: true });
  }
});
