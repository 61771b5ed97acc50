import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const folder = import.meta.dirname;
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => join(folder, name));

/** The imports of each file, including types and dynamic imports. */
const needs = new Map(
  files.map((file) => {
    const named = [...readFileSync(file, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)"/g)];
    return [file, named.map(([, path = ""]) => join(dirname(file), path)).filter((path) => files.includes(path))];
  }),
);

it("core has no circular imports", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: string[]): void => {
    if (way.includes(file))
      circles.push([...way.slice(way.indexOf(file)), file].join(" → ").replaceAll(`${folder}/`, ""));
    else if (!done.has(file)) for (const next of needs.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
