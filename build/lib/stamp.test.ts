import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { at, root } from "./root.ts";
import { isFresh, scriptAndImports, sealAll, writeStamp } from "./stamp.ts";

let folder: string;
let stamp: string;
const inside = (name: string): string => relative(root, join(folder, name));

beforeEach(() => {
  mkdirSync(at(".cache"), { recursive: true });
  folder = mkdtempSync(at(".cache", "stamp-"));
  stamp = join(folder, "stamp");
  writeFileSync(join(folder, "source"), "one");
  writeFileSync(join(folder, "result"), "built");
  writeStamp(stamp, "recipe", sealAll([inside("source"), inside("absent")]), [inside("result")]);
});
afterEach(() => rmSync(folder, { recursive: true }));

it("is fresh while nothing has changed", () => expect(isFresh(stamp, "recipe")).toBe(true));

it.each<[string, () => void]>([
  ["a source has changed", () => writeFileSync(join(folder, "source"), "another")],
  ["a source has gone", () => rmSync(join(folder, "source"))],
  ["a source has come", () => writeFileSync(join(folder, "absent"), "new")],
  ["a result has gone", () => rmSync(join(folder, "result"))],
  ["there was no build", () => rmSync(stamp)],
])("is stale when %s", (_, change) => {
  change();
  expect(isFresh(stamp, "recipe")).toBe(false);
});

it("is stale under another recipe", () => expect(isFresh(stamp, "other")).toBe(false));

it.each(["build/build.ts", "build/app.ts", "build/native.ts"])(
  "%s and its imports are inputs of what it builds",
  (script) => {
    expect(scriptAndImports(script)).toEqual(
      expect.arrayContaining([script, "build/lib/stamp.ts", "build/lib/licenses.ts"]),
    );
    expect(readFileSync(at(script), "utf8")).toContain(`scriptAndImports("${script}")`);
  },
);
