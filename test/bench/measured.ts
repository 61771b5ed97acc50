import { median } from "../harness/net/measure.ts";

/** What a bench tells: medians, their unit in the name, and what they are to each other. */
export interface Measured {
  rounds: number;
  figures: Record<string, number>;
  ratios: Record<string, number>;
}

export type Bench = (short: boolean) => Promise<Measured>;

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
