import { deleteAudit } from "../store/queries/audit.ts";
import { deleteNoncesBefore } from "../store/queries/nonces.ts";
import { deleteExpiredPasswordCodes } from "../store/queries/password-codes.ts";
import { deleteEnded, deleteOrphans, deleteSurplusEnded } from "../store/queries/pruning.ts";
import { transaction } from "../store/transaction.ts";
import type { Context } from "./context.ts";
import { signInActions } from "./signin/record.ts";

const dayMs = 86_400_000;
/** How long ended sessions and sign-ins are kept, ms. Their daily traffic totals are kept forever. */
export const keptMs = 90 * dayMs;
/**
 * Maximum number of ended sessions and sign-ins to keep per account after one day, so that a client that keeps dialling cannot fill the
 * store.
 */
const keptPerAccount = 1_000;
/** Maximum number of audit records about sign-ins. */
const keptSignInRecords = 100_000;
/**
 * How long nonces of signed changes are kept, ms. A signed request is valid for 15 minutes before and after its date, and the settled time
 * can be wrong by twice the time for which the wall clock was wrong.
 */
const nonceMs = 2 * 3_600_000;
/** Minimum interval between prunings, ms. */
const pauseMs = 3_600_000;

/** Deletes old records. */
export class Pruner {
  readonly #context: Context;
  /** Time of the next pruning, monotonic ms. */
  #nextLook = Number.NEGATIVE_INFINITY;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Deletes records that are too old by `settled` (epoch ms; see SettledTime). */
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
      // Keep the audit records of administrators; delete those that anyone can cause.
      await deleteAudit(tx, signInActions, settled - keptMs, keptSignInRecords);
      await deleteOrphans(tx);
      await deleteNoncesBefore(tx, settled - nonceMs);
    });
  }
}
