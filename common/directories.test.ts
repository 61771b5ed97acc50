import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeDirectories } from "./directories.ts";

const base = mkdtempSync(join(tmpdir(), "sag-directories-"));
afterAll(() => rmSync(base, { recursive: true }));

it("creates missing directories, and accepts existing ones", () => {
  const path = join(base, "a/b/c");
  makeDirectories(path, 0o700);
  makeDirectories(path, 0o700);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it("fails at once where a directory cannot be created", () => {
  expect(() => makeDirectories("/proc/nowhere/at/all", 0o700)).toThrow(/ENOENT|EACCES|EROFS/);
  expect(() => makeDirectories(join("/dev/null", "x"), 0o700)).toThrow(/ENOTDIR|EEXIST/);
});
