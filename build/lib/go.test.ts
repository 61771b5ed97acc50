import { describe, expect, it } from "vitest";
import { isAtLeast, parseVersion } from "./go.ts";

describe("the version of Go", () => {
  it.each([
    ["go1.26.8", [1, 26, 8]],
    ["go1.26", [1, 26, 0]],
    ["1.26.0", [1, 26, 0]],
    ["go1.27rc1", [1, 27, 0]],
  ])("parses %s", (text, version) => expect(parseVersion(text)).toEqual(version));

  it("does not parse an invalid version", () => expect(parseVersion("devel")).toBeUndefined());

  it.each([
    ["go1.26.0", true],
    ["go1.26.8", true],
    ["go1.27.0", true],
    ["go2.0.0", true],
    ["go1.25.9", false],
    ["go1.9.9", false],
  ])("%s is at least 1.26.0: %s", (text, expected) => {
    expect(isAtLeast(parseVersion(text) ?? [], [1, 26, 0])).toBe(expected);
  });
});
