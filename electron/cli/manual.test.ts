import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeCommands } from "./commands.ts";
import { manual } from "./manual.ts";
import { outputs } from "./schemas.ts";

it("equals docs/cli.md", () => {
  const path = fileURLToPath(new URL("../../docs/cli.md", import.meta.url));
  expect(readFileSync(path, "utf8"), "run: npm run generate").toBe(manual());
});

it("has a schema for every verb that prints JSON", () => {
  const verbs = describeCommands(() => async () => undefined).commands;
  const names = verbs.filter((one) => one.options.some((option) => option.long === "--json")).map((one) => one.name());
  expect(Object.keys(outputs).sort()).toEqual(names.sort());
});
