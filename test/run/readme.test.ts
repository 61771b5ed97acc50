import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { exitCodes, exitCodesInReadme } from "../../build/documents.ts";
import { at } from "../../build/lib/root.ts";

it("README lists every exit code of the cause table", () => {
  const readme = readFileSync(at("README.md"), "utf8");
  expect(exitCodesInReadme.exec(readme)?.[2], "run: npm run generate").toBe(exitCodes());
});

it("SECURITY names existing tests", () => {
  const named = readFileSync(at("SECURITY.md"), "utf8").match(/`[a-z]+\/[^` ]+`/g) ?? [];
  expect(named.map((name) => name.slice(1, -1)).filter((path) => !existsSync(at(path)))).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});

it("CONTRIBUTING names existing files and directories", () => {
  const named = [...readFileSync(at("CONTRIBUTING.md"), "utf8").matchAll(/`([a-z]+\/[\w./-]+)`/g)].map(
    ([, path]) => path ?? "",
  );
  const paths = named.filter((path) => !/NAME|NOUN|NNNN|LANGUAGE/.test(path));
  expect(paths.filter((path) => !existsSync(at(path)))).toEqual([]);
  expect(paths.length).toBeGreaterThan(30);
});
