import { median } from "../harness/net/measure.ts";

/** What a bench tells: medians, their unit in the name, and what they are to each other. */
export interface Measured {
  rounds: number;
  figures: Record<string, number>;
  ratios: Record<string, number>;
  /** What does not fit into a line for each figure, by its title. */
  tables?: Record<string, Table>;
}

/** Rows of cells, the first one of them the head. */
export type Table = string[][];

/** `against`: a folder with a sag-tunnel and a sag-access-point of another state, to be measured beside this one. */
export type Bench = (short: boolean, against?: string) => Promise<Measured>;

/** With columns below each other. */
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

  /** The median of each, in the order in which they first came. */
  medians(): Record<string, number> {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, round(median(values))]));
  }
}
