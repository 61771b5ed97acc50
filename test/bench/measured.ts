import { median } from "../harness/net/measure.ts";

/** The result of a benchmark: medians, whose names include the unit, and their ratios. */
export interface Measured {
  rounds: number;
  figures: Record<string, number>;
  ratios: Record<string, number>;
  /** Tables that do not fit into one line per figure, by title. */
  tables?: Record<string, Table>;
}

/** Rows of cells; the first row is the header. */
export type Table = string[][];

/** `against`: a directory with the sag-tunnel and sag-access-point of another version, measured for comparison. */
export type Bench = (short: boolean, against?: string) => Promise<Measured>;

/** Formats a table with aligned columns. */
export const aligned = (table: Table): string => {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return table.map((row) => `  ${line(row).trimEnd()}\n`).join("");
};

export const round = (value: number): number => Math.round(value * 100) / 100;

/** Collects values by name. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(name: string, value: number): void {
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  get(name: string): number[] {
    return this.#values.get(name) ?? [];
  }

  /** The median of each figure, in the order of first use. */
  medians(): Record<string, number> {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, round(median(values))]));
  }
}
