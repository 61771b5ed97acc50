import type { Tx } from "../store/db.ts";
import type { Context } from "./context.ts";

/** An administrative change: its transaction, its audit, and actions to run after the commit. */
export interface Change {
  tx: Tx;
  context: Context;
  /** Epoch ms. */
  now: number;
  /** Writes the audit record. `before` null = the object was created, `after` null = it was deleted. Never pass a secret. */
  audit(target: string, before: object | null, after: object | null): Promise<void>;
  /** Runs `effect` after the commit, in order. */
  after(effect: () => Promise<unknown>): void;
  /** Runs `effect` if the transaction is rolled back. */
  undone(effect: () => Promise<unknown>): void;
  /** Marks that routes to cloud networks may have changed; clients are notified after the commit. */
  networks(): void;
}

/** Runs the changes of one request. */
export interface Administration {
  context: Context;
  /**
   * Runs a change in a transaction, at most once per request because the transaction also stores the request's nonce. `action` is its
   * name in the audit; undefined = the one given when this was created.
   */
  change<T>(work: (change: Change) => Promise<T>, action?: string): Promise<T>;
  /** Stores the nonce of a request whose change was refused, so that repeating the request does nothing. */
  spend(): Promise<void>;
}
