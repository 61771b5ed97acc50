/**
 * Handles to the database for code outside cloud/store. They can only be passed to the functions of store/queries/<noun>.ts, which
 * contain all SQL.
 */

declare const kind: unique symbol;

/** A handle for reading: the store or a transaction. */
export interface Db {
  readonly [kind]: "store" | "transaction";
}

/** A running transaction. Functions that write require one, so that a change and its audit record are committed together. */
export interface Tx extends Db {
  readonly [kind]: "transaction";
}

/** The open database. */
export interface Store extends Db {
  readonly [kind]: "store";
}
