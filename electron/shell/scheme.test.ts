import { expect, test, vi } from "vitest";

vi.mock("electron", () => ({ protocol: {} }));
const { fileOf } = await import("./scheme.ts");

test.each([
  ["app://sag/index.html", "/app/index.html"],
  ["app://sag/assets/x.js?y#z", "/app/assets/x.js"],
  ["app://sag/../../etc/passwd", "/app/etc/passwd"],
  ["app://sag/%2e%2e/%2e%2e/etc/passwd", "/app/etc/passwd"],
  ["app://sag/..%2f..%2fetc/passwd", null],
  ["app://sag/", null],
  ["app://other/index.html", null],
  ["https://sag/index.html", null],
  ["app://sag/%zz", null],
  ["nonsense", null],
])("%s", (url, file) => expect(fileOf("/app", url)).toBe(file));
