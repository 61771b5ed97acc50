import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { causeTable } from "../common/causes/table.ts";
import { causeFaults, knownCauses } from "./causes.ts";
import { at } from "./lib/root.ts";

const known = knownCauses();

it("every cause is complete and has a unique exit code", () => {
  expect(Object.keys(known.contract).length).toBeGreaterThan(50);
  expect(causeFaults(known)).toEqual([]);
});

it("reports each file that lacks a cause of the contract", () => {
  expect(causeFaults({ ...known, contract: { ...known.contract, moon_away: 99 } })).toEqual([
    "native/internal/failure/cause.go: the cause moon_away is missing",
    "common/causes/table.ts: the cause moon_away has no exit code",
    "common/text/en/causes/: the cause moon_away has no message",
    "common/text/en/causes/: the cause moon_away has no action",
  ]);
});

it("reports a cause without a text, without a number, or with another number in Go", () => {
  const { unknown: _, ...contract } = known.contract;
  const texts = { ...known.texts, kicked: { message: "Kicked." } };
  expect(causeFaults({ ...known, contract, texts, go: { ...known.go, replaced: 3 } })).toEqual([
    "common/text/en/causes/: the cause kicked has no action",
    "native/internal/failure/cause.go: the cause replaced is 3, and 7 in proto/sag/types/v1/cause.proto",
    "proto/sag/types/v1/cause.proto: the cause unknown has no number",
  ]);
});

it("reports an exit code that two causes share", () => {
  const table = { ...known.table, kicked: { exit: 15 } };
  expect(causeFaults({ ...known, table })).toEqual([
    "common/causes/table.ts: exit code 15 is used twice: kicked, replaced",
  ]);
});

it("sag-access-point uses the exit codes of the table, one per cause", () => {
  const read = (name: string): string => readFileSync(at("native/cmd/sag-access-point", name), "utf8");
  const codes = [...read("exit.go").matchAll(/^\t"(\w+)": +(\d+),$/gm)].map(([, cause = "", exit]) => [
    cause,
    Number(exit),
  ]);
  const table = Object.fromEntries(Object.entries(causeTable).map(([cause, { exit }]) => [cause, exit]));
  expect(codes).toEqual(codes.map(([cause]) => [cause, table[String(cause)]]));
  const named = [...read("main.go").matchAll(/&failure\{"(\w+)"/g)].map(([, cause]) => cause);
  expect(new Set(codes.map(([cause]) => cause))).toEqual(new Set(named));
});
