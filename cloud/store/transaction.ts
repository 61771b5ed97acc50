import type { Store, Tx } from "./db.ts";
import { query } from "./kysely.ts";

/**
 * Runs `work` in a transaction and returns its result after the commit; an exception rolls back. `work` must not start another
 * transaction or wait for anything but the database, because SQLite has a single writer.
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
