import type { Tx } from "../store/db.ts";
import type { Context } from "./context.ts";

/** One administrative change: a transaction, its audit, and what follows once it is on the disk. */
export interface Change {
  tx: Tx;
  context: Context;
  /** Epoch ms. */
  now: number;
  /** Writes down who changed what. `before` null = it did not exist, `after` null = it does not any more. Never a secret. */
  audit(target: string, before: object | null, after: object | null): Promise<void>;
  /** Runs after the commit, in order. */
  after(effect: () => Promise<unknown>): void;
  /** Runs if the change is not stored. */
  undone(effect: () => Promise<unknown>): void;
  /** The way from instances to cloud networks may have changed: sessions get an event after the commit. */
  networks(): void;
}

/** What an administrator's operation works with. */
export interface Administration {
  context: Context;
  /**
   * Runs a change. At most one per request: its transaction takes the request's nonce along. `action` is its name in the audit;
   * undefined = the one given at the start.
   */
  change<T>(work: (change: Change) => Promise<T>, action?: string): Promise<T>;
  /** Remembers the nonce of a request whose change was refused, so that it is not carried out when it is sent again. */
  spend(): Promise<void>;
}
