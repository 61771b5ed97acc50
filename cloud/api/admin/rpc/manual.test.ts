import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manual } from "./manual.ts";

const file = new URL("../../../../docs/admin-api.md", import.meta.url);

test("docs/admin-api.md matches the table of operations", () => {
  const text = manual();
  expect(readFileSync(file, "utf8"), "run: npm run generate").toBe(text);
});
