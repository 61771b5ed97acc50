import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manual } from "./manual.ts";

const file = new URL("../../../../docs/admin-api.md", import.meta.url);

/** SAG_WRITE_DOCS=1 writes it anew. */
test("docs/admin-api.md says what the table of operations says", () => {
  const text = manual();
  if (process.env.SAG_WRITE_DOCS === "1") writeFileSync(file, text);
  expect(readFileSync(file, "utf8")).toBe(text);
});
