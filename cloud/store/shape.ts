import { type SelectType, sql } from "kysely";
import type { Schema } from "./schema.ts";

type Table = keyof Schema & string;
type Names<T extends Table> = Readonly<Record<string, keyof Schema[T] & string>>;

/** A table's columns by the names that they have outside of the store. */
export interface Shape<T extends Table, N extends Names<T>> {
  names: N;
  /** For select(): all columns, each under its name. */
  columns: readonly { [K in keyof N & string]: `${T}.${N[K]} as ${K}` }[keyof N & string][];
  /** For values() and set(): these values by column. */
  row<V extends Partial<Values<T, N>>>(values: V): { [K in keyof V as K extends keyof N ? N[K] : never]: V[K] };
}

type Values<T extends Table, N extends Names<T>> = { -readonly [K in keyof N]: SelectType<Schema[T][N[K]]> };

/** An object as it is read from a shape's table. */
export type Shaped<S> = S extends Shape<infer T, infer N> ? Values<T, N> : never;

export function shape<T extends Table, const N extends Names<T>>(table: T, names: N): Shape<T, N> {
  // One piece of SQL instead of a list of names, which Kysely would parse again for every query.
  const selected = Object.entries(names).map(([name, column]) => `"${table}"."${column}" as "${name}"`);
  const columns = [sql.raw(selected.join(", "))];
  const row = (values: object) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (name in names ? [[names[name], value]] : [])),
    );
  return { names, columns, row } as unknown as Shape<T, N>;
}
