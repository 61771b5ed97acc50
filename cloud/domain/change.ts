import type { Transaction } from "kysely";
import type { Schema } from "../store/schema.ts";
import type { Context } from "./context.ts";

/** One administrative change: a transaction, its audit, and what follows once it is on the disk. */
export interface Change {
  tx: Transaction<Schema>;
  context: Context;
  /** Epoch ms. */
  now: number;
  /** Writes down who changed what. `before` null = it did not exist, `after` null = it does not any more. Never a secret. */
  audit(target: string, before: object | null, after: object | null): Promise<void>;
  /** Runs after the commit, in order. */
  after(effect: () => Promise<unknown>): void;
  /** The way from instances to cloud networks may have changed: sessions are told after the commit. */
  networks(): void;
}

/** What an administrator's operation works with. */
export interface Administration {
  context: Context;
  /** Runs a change. At most one per operation: its transaction takes the request's nonce along. */
  change<T>(work: (change: Change) => Promise<T>): Promise<T>;
}
