import type { Selectable } from "kysely";
import type { Schema } from "./schema.ts";

/**
 * Handles on the database for everything outside cloud/store. They are passed on to the functions of store/queries/<noun>.ts, which
 * are the only ones that speak SQL; nothing else may be done with them.
 */

declare const kind: unique symbol;

/** Something to read from: the store, or a transaction. */
export interface Db {
  readonly [kind]: "store" | "transaction";
}

/** A running transaction. Whatever writes takes one, so that a change and its audit record are one step. */
export interface Tx extends Db {
  readonly [kind]: "transaction";
}

/** The open database. */
export interface Store extends Db {
  readonly [kind]: "store";
}

/** A row of a table as it is read. */
export type Row<T extends keyof Schema> = Selectable<Schema[T]>;
