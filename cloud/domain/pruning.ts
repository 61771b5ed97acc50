import { deleteAudit } from "../store/queries/audit.ts";
import { deleteExpiredPasswordCodes } from "../store/queries/password-codes.ts";
import { deleteEnded, deleteOrphans, deleteSurplusEnded } from "../store/queries/pruning.ts";
import { transaction } from "../store/transaction.ts";
import type { Context } from "./context.ts";
import { signInActions } from "./signin/record.ts";

const dayMs = 86_400_000;
/** ms for which ended sessions and sign-ins are kept. What they carried is kept by day, without end. */
export const keptMs = 90 * dayMs;
/** Of these per account; more are kept for a day only, so that a client that dials without end does not fill the store. */
const keptPerAccount = 1_000;
/** Rows of the audit about sign-ins. */
const keptSignInRecords = 100_000;
/** ms between two looks for what can go. */
const pauseMs = 3_600_000;

/** Deletes what is over for long enough. */
export class Pruner {
  readonly #context: Context;
  /** Monotonic ms. */
  #nextLook = Number.NEGATIVE_INFINITY;

  constructor(context: Context) {
    this.#context = context;
  }

  /** By `settled` (epoch ms; see SettledTime). */
  async prune(settled: number): Promise<void> {
    const { store, clock } = this.#context;
    await deleteExpiredPasswordCodes(store, clock.now());
    if (clock.monotonic() < this.#nextLook) return;
    this.#nextLook = clock.monotonic() + pauseMs;
    await transaction(store, async (tx) => {
      for (const table of ["session", "sign_in"] as const) {
        await deleteEnded(tx, table, settled - keptMs);
        await deleteSurplusEnded(tx, table, settled - dayMs, keptPerAccount);
      }
      // Administrators' records of the audit stay; what everybody can cause does not.
      await deleteAudit(tx, signInActions, settled - keptMs, keptSignInRecords);
      await deleteOrphans(tx);
    });
  }
}
