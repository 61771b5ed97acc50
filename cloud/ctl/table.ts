import { ctlTexts } from "../../common/text/ctl.ts";
import { cut, widthOf } from "./columns.ts";
import { plain, type Row } from "./output.ts";

/** A table for display. Its columns are those of all rows, in order of first appearance. */
export interface Table {
  rows: readonly Row[];
}

/** Output of a verb for people. */
export type Shown = string | Table;

export const table = (rows: readonly Row[]): Table => ({ rows });

const gap = 2;

/** Formats output. `width` is the number of terminal columns; undefined = not a terminal, nothing is truncated. */
export function render(shown: Shown, width?: number): string {
  return typeof shown === "string" ? shown : lines(shown, width);
}

function lines({ rows }: Table, width: number | undefined): string {
  if (rows.length === 0) return ctlTexts.output.none;
  const names = namesFirst([...new Set(rows.flatMap((row) => Object.keys(row)))]);
  const cells = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => (Object.hasOwn(row, name) ? plain(row[name]) : ""))),
  ];
  const widest = names.map((_, i) => Math.max(...cells.map((line) => widthOf(line[i] ?? ""))));
  const widths = width === undefined ? widest : fitted(widest, width);
  return cells.map((line) => lineOf(line, widths, width)).join("\n");
}

/** Moves the id behind the name, by which people know an object. */
function namesFirst(columns: string[]): string[] {
  const { id, name, user } = ctlTexts.output.columns;
  const known = columns.findIndex((column) => column === name || column === user);
  const at = columns.indexOf(id);
  return at < 0 || known < at ? columns : columns.toSpliced(at, 1).toSpliced(known, 0, id);
}

function lineOf(cells: readonly string[], widths: readonly number[], width: number | undefined): string {
  const padded = cells.map((text, i) => {
    const shown = cut(text, widths[i] ?? 0);
    return shown + " ".repeat((widths[i] ?? 0) - widthOf(shown));
  });
  const line = padded.join(" ".repeat(gap)).trimEnd();
  return width === undefined ? line : cut(line, width);
}

/** Column widths that fit into a line; the widest columns are reduced first, to a common width. */
function fitted(widest: readonly number[], width: number): number[] {
  const room = width - gap * (widest.length - 1);
  const within = (limit: number) => widest.map((one) => Math.min(one, limit));
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  let limit = Math.max(...widest);
  while (limit > 1 && sum(within(limit)) > room) limit--;
  return within(limit);
}
