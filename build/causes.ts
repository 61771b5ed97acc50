import { readFileSync } from "node:fs";
import { causeTable } from "../common/causes/table.ts";
import { causes as texts } from "../common/text/en/causes/index.ts";
import { at } from "./lib/root.ts";
import { Trouble } from "./lib/say.ts";

/** Files that must contain every cause. */
const places = {
  contract: "proto/sag/types/v1/cause.proto",
  go: "native/internal/failure/cause.go",
  table: "common/causes/table.ts",
  texts: "common/text/en/causes/",
} as const;

/** The causes in each of these files, by the name in the table. */
interface Causes {
  /** Name → number. */
  contract: Record<string, number>;
  go: Record<string, number>;
  /** Name → exit code. */
  table: Record<string, { exit: number }>;
  texts: Record<string, { message?: unknown; action?: unknown }>;
}

/** Causes that are missing or used twice, one line each with the file to change. */
export function causeFaults({ contract, go, table, texts }: Causes): string[] {
  const faults: string[] = [];
  const names = new Set([contract, go, table, texts].flatMap((place) => Object.keys(place)));
  for (const name of names) {
    if (!(name in contract)) faults.push(`${places.contract}: the cause ${name} has no number`);
    if (!(name in go)) faults.push(`${places.go}: the cause ${name} is missing`);
    else if (name in contract && go[name] !== contract[name])
      faults.push(`${places.go}: the cause ${name} is ${go[name]}, and ${contract[name]} in ${places.contract}`);
    if (!(name in table)) faults.push(`${places.table}: the cause ${name} has no exit code`);
    const text = texts[name];
    for (const part of ["message", "action"] as const)
      if (text?.[part] === undefined) faults.push(`${places.texts}: the cause ${name} has no ${part}`);
  }
  const byExit = Map.groupBy(Object.entries(table), ([, { exit }]) => exit);
  for (const [exit, rows] of byExit)
    if (rows.length > 1)
      faults.push(`${places.table}: exit code ${exit} is used twice: ${rows.map(([name]) => name).join(", ")}`);
  return faults;
}

/** Reads the causes from the source files, because generated code may be out of date. */
export function knownCauses(): Causes {
  const contract = /^enum Cause \{([\s\S]*?)^\}/m.exec(readFileSync(at(places.contract), "utf8"))?.[1] ?? "";
  const go = readFileSync(at(places.go), "utf8");
  const numbers = new Map([...go.matchAll(/^\t(\w+) +Cause = (\d+)$/gm)].map(([, name, number]) => [name, number]));
  return {
    contract: numbered([...contract.matchAll(/^ +CAUSE_(\w+) = (\d+);/gm)].map(([, name, number]) => [name, number])),
    // A constant, and its name in the list of names.
    go: numbered([...go.matchAll(/^\t(\w+): +"(\w+)",$/gm)].map(([, name, word]) => [word, numbers.get(name)])),
    table: causeTable,
    texts,
  };
}

const numbered = (found: [name: string | undefined, number: string | undefined][]): Record<string, number> =>
  Object.fromEntries(
    found
      .map(([name = "", number]) => [name.toLowerCase(), Number(number)] as const)
      .filter(([name]) => name !== "unspecified"),
  );

/** @throws Trouble that names missing or duplicate causes. */
export function requireCauses(): void {
  const faults = causeFaults(knownCauses());
  if (faults.length > 0) throw new Trouble(faults.join("\n"));
}
