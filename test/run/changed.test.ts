import { expect, it } from "vitest";
import { distances, nearestFirst } from "./changed-graph.ts";
import { finishedFiles } from "./changed-results.ts";

const graph = new Map([
  ["a.test", ["a"]],
  ["a", ["b", "c"]],
  ["b.test", ["b"]],
  ["b", ["c"]],
  ["c", ["a"]],
  ["other.test", ["other"]],
]);

it("counts the imports between a change and its dependents, also with circular imports", () =>
  expect([...distances(["b"], graph)]).toEqual([
    ["b", 0],
    ["a", 1],
    ["b.test", 1],
    ["a.test", 2],
    ["c", 2],
  ]));

it("sorts tests by distance and leaves out unaffected ones", () =>
  expect(nearestFirst(["b"], graph, ["a.test", "b.test", "other.test"])).toEqual([["b.test"], ["a.test"]]));

it("counts a changed test itself", () =>
  expect(nearestFirst(["other.test"], graph, ["a.test", "other.test"])).toEqual([["other.test"]]));

it("counts the finished files of a run that was cut off, and their failures", () => {
  const out = [
    " ✓ common/text/text.test.ts (7 tests) 71ms",
    " ❯ cloud/racing.test.ts (18 tests | 2 failed | 1 skipped) 900ms",
    "   × one of them 3ms",
    " FAIL  build/broken.test.ts [ build/broken.test.ts ]",
  ].join("\n");
  expect(finishedFiles(out)).toEqual({
    passed: 22,
    failed: 3,
    through: new Set(["common/text/text.test.ts", "cloud/racing.test.ts", "build/broken.test.ts"]),
  });
});
