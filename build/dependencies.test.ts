import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { at } from "./lib/root.ts";

const table = readFileSync(at("docs/dependencies.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** Package name → documented version. One row may name several packages of the same version. */
const documented = new Map(table.flatMap(([, names = "", version = ""]) => names.split(", ").map((n) => [n, version])));

const npm = JSON.parse(readFileSync(at("package.json"), "utf8"));
const direct = [...readFileSync(at("native/go.mod"), "utf8").matchAll(/^\t(\S+) (v\S+)$/gm)];

const used: [string, string][] = [
  ...Object.entries<string>({ ...npm.dependencies, ...npm.devDependencies }),
  ...direct.map(([, name = "", version = ""]): [string, string] => [name, version]),
];

test.each(used)("%s %s is in docs/dependencies.md, with its version and its reason", (name, version) => {
  expect(documented.get(name)?.replace(/^v/, "")).toBe(version.replace(/^v/, ""));
  expect(version).not.toMatch(/^[\^~]/);
});
