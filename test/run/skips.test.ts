import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { allFiles } from "./changed-files.ts";

/** Lines of files whose names end with `ending`, as PATH:NUMBER, that `isWrong` applies to. */
const linesIn = (ending: RegExp, isWrong: (line: string) => boolean): string[] =>
  allFiles()
    .filter((path) => ending.test(path) && path !== "test/run/skips.test.ts")
    .flatMap((path) =>
      readFileSync(at(path), "utf8")
        .split("\n")
        .flatMap((line, i) => (isWrong(line) ? [`${path}:${i + 1}`] : [])),
    );

// npm test lists what did not run, and why.
it("every skip of a Go test gives a reason that begins with 'not run:'", () => {
  const skips = /\b[tb]\.Skip(f|Now)?\(/;
  expect(linesIn(/^native\/.*\.go$/, (line) => skips.test(line) && !/\.Skipf?\("not run: /.test(line))).toEqual([]);
});

it("every skip of a TypeScript test is made by test/harness/needs.ts, which gives the reason", () => {
  const skips = /\.(skipIf|runIf|todo)\(|\b(it|test|describe|context)\.skip\(|\bskip\(["'`]/;
  expect(linesIn(/\.tsx?$/, (line) => skips.test(line))).toEqual(["test/harness/needs.ts:14"]);
});
