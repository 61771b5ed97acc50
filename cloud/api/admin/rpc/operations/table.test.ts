import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { operationSummaries } from "../../../../../common/text/en/admin/operations/index.ts";
import { productVersions } from "../protocol/operation.ts";
import type { JsonType } from "../protocol/parameters.ts";
import { unsupportedNames } from "../unsupported.ts";
import { operations } from "./index.ts";

interface Reference {
  request: Record<string, JsonType>;
}

function reference(product: "smartag" | "cbn"): Record<string, Reference> {
  const file = new URL(`../testdata/${product}-${productVersions[product]}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, Reference>;
}

/** Compact form of a published type: "str!" = required. */
function published(type: JsonType, required: boolean): JsonType {
  if (Array.isArray(type)) return type.map((item) => published(item, false));
  if (typeof type === "object") {
    return Object.fromEntries(Object.entries(type).map(([name, field]) => [name, published(field, false)]));
  }
  return required ? (`${type}!` as JsonType) : type;
}

test("every summary belongs to an existing operation", () => {
  expect(Object.keys(operationSummaries).sort()).toEqual(operations.map((operation) => operation.name).sort());
});

for (const product of ["smartag", "cbn"] as const) {
  const expected = reference(product);
  const own = operations.filter((operation) => operation.product === product);

  test(`${product}: offers exactly the planned operations`, () => {
    expect(own.map((operation) => operation.name).sort()).toEqual(Object.keys(expected).sort());
  });

  for (const operation of own) {
    test(`${operation.name} takes the published parameters`, () => {
      const declared = Object.fromEntries(
        Object.entries(operation.parameters).map(([name, { type, required }]) => [name, published(type, required)]),
      );
      expect(declared).toEqual(expected[operation.name]?.request);
    });
  }
}

test("every operation that is not offered is listed as such", () => {
  const offered = new Set(operations.map((operation) => operation.name));
  expect(unsupportedNames.length).toBe(112);
  expect(unsupportedNames.filter((name) => offered.has(name))).toEqual([]);
});

test("every operation name is unique", () => {
  const names = operations.map((operation) => `${operation.product} ${operation.name}`);
  expect(new Set(names).size).toBe(names.length);
});
