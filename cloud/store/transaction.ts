import type { Store, Tx } from "./db.ts";
import { query } from "./kysely.ts";

/**
 * Runs `work` in a transaction and returns its result after the commit; an exception rolls everything back. `work` must not start
 * another one, nor wait for anything but the database: SQLite has a single writer.
 */
export function transaction<T>(store: Store, work: (tx: Tx) => Promise<T>): Promise<T> {
  return query(store)
    .transaction()
    .execute((tx) => work(tx as unknown as Tx));
}

/** Closes the database. */
export function closeStore(store: Store): Promise<void> {
  return query(store).destroy();
}
