import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { causeTable } from "../../electron/core/causes/table.ts";

const families: Record<number, string> = {
  0: "anything else",
  10: "sign-in and session",
  30: "the cloud instance",
  40: "the network and access points",
  50: "this machine",
  70: "what the command was asked to do",
};

const familyOf = (exit: number): number =>
  Math.max(
    ...Object.keys(families)
      .map(Number)
      .filter((first) => first <= exit),
  );

/** The table as README has it: a row for every family. */
const table = (): string => {
  const rows = Object.entries(families).map(([first, name]) => {
    const codes = Object.entries(causeTable).filter(([, row]) => familyOf(row.exit) === Number(first));
    const cells = codes.toSorted(([, a], [, b]) => a.exit - b.exit).map(([code, row]) => `${row.exit} \`${code}\``);
    return `| ${name} | ${cells.join(", ")} |`;
  });
  return ["| about | exit code and cause |", "|---|---|", ...rows].join("\n");
};

it("README lists every exit code as the cause table has it", () => {
  const readme = readFileSync(at("README.md"), "utf8");
  const [, shown] = /<!-- exit codes:[^\n]*-->\n([\s\S]*?)\n<!-- end/.exec(readme) ?? [];
  expect(shown).toBe(table());
});

it("SECURITY names tests that exist", () => {
  const named = readFileSync(at("SECURITY.md"), "utf8").match(/`[a-z]+\/[^` ]+`/g) ?? [];
  expect(named.map((name) => name.slice(1, -1)).filter((path) => !existsSync(at(path)))).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});
