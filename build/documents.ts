import { readFileSync, writeFileSync } from "node:fs";
import { manual as adminApi } from "../cloud/api/admin/rpc/manual.ts";
import { causeTable } from "../common/causes/table.ts";
import { manual as cli } from "../electron/cli/manual.ts";
import { requireCauses } from "./causes.ts";
import { at } from "./lib/root.ts";

/** Groups of exit codes, by the first code of each. */
const families: Record<number, string> = {
  0: "anything else",
  10: "sign-in and session",
  30: "the cloud instance",
  40: "the network and access points",
  50: "this computer",
  70: "what the command was asked to do",
};

const familyOf = (exit: number): number =>
  Math.max(
    ...Object.keys(families)
      .map(Number)
      .filter((first) => first <= exit),
  );

/** The table of exit codes for README, one row per group. */
export const exitCodes = (): string => {
  const rows = Object.entries(families).map(([first, name]) => {
    const codes = Object.entries(causeTable).filter(([, row]) => familyOf(row.exit) === Number(first));
    const cells = codes.toSorted(([, a], [, b]) => a.exit - b.exit).map(([code, row]) => `${row.exit} \`${code}\``);
    return `| ${name} | ${cells.join(", ")} |`;
  });
  return ["| about | exit code and cause |", "|---|---|", ...rows].join("\n");
};

/** The section of README with the table. */
export const exitCodesInReadme = /(<!-- exit codes:[^\n]*-->\n)([\s\S]*?)(\n<!-- end)/;

/** Writes the documents, and parts of documents, that are generated from code. @throws Trouble if a cause is incomplete. */
export const writeDocuments = (): void => {
  requireCauses();
  writeFileSync(at("docs/cli.md"), cli());
  writeFileSync(at("docs/admin-api.md"), adminApi());
  const readme = readFileSync(at("README.md"), "utf8");
  writeFileSync(
    at("README.md"),
    readme.replace(exitCodesInReadme, (_all, before: string, _old, after: string) => before + exitCodes() + after),
  );
};
