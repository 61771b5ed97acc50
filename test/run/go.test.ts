import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findGo } from "../../build/lib/go.ts";
import { compiles } from "./go.ts";

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
