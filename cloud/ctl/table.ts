import { ctlTexts } from "../../common/text/ctl.ts";
import { cut, widthOf } from "./columns.ts";
import { plain, type Row } from "./output.ts";

/** A list as people see it. Its columns are those of all rows, in the order in which they first appear. */
export interface Table {
  rows: readonly Row[];
}

/** What a verb prints for people. */
export type Shown = string | Table;

export const table = (rows: readonly Row[]): Table => ({ rows });

const gap = 2;

/** The text that is printed. `width`: columns of the terminal; undefined = it is no terminal, and nothing is cut. */
export function render(shown: Shown, width?: number): string {
  return typeof shown === "string" ? shown : lines(shown, width);
}

function lines({ rows }: Table, width: number | undefined): string {
  if (rows.length === 0) return ctlTexts.output.none;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [
    names.map((name) => name.toUpperCase()),
    ...rows.map((row) => names.map((name) => (Object.hasOwn(row, name) ? plain(row[name]) : ""))),
  ];
  const widest = names.map((_, i) => Math.max(...cells.map((line) => widthOf(line[i] ?? ""))));
  const widths = width === undefined ? widest : fitted(widest, width);
  return cells.map((line) => lineOf(line, widths, width)).join("\n");
}

function lineOf(cells: readonly string[], widths: readonly number[], width: number | undefined): string {
  const padded = cells.map((text, i) => {
    const shown = cut(text, widths[i] ?? 0);
    return shown + " ".repeat((widths[i] ?? 0) - widthOf(shown));
  });
  const line = padded.join(" ".repeat(gap)).trimEnd();
  return width === undefined ? line : cut(line, width);
}

/** Widths of columns that fit a line: the widest ones give way first, all to the same width. */
function fitted(widest: readonly number[], width: number): number[] {
  const room = width - gap * (widest.length - 1);
  const within = (limit: number) => widest.map((one) => Math.min(one, limit));
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
  let limit = Math.max(...widest);
  while (limit > 1 && sum(within(limit)) > room) limit--;
  return within(limit);
}
