import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export async function findSecondFactor(db: Db, accountId: string): Promise<shapes.SecondFactor | undefined> {
  return query(db)
    .selectFrom("second_factor")
    .select(shapes.secondFactor.columns)
    .where("account_id", "=", accountId)
    .executeTakeFirst();
}

/** Consumes the code of a time step; false = this or a later step was already used, or the second factor was replaced. */
export async function takeStep(db: Db, accountId: string, secret: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await query(db)
    .updateTable("second_factor")
    .set({ last_step: step })
    .where("account_id", "=", accountId)
    .where("secret", "=", secret)
    .where("last_step", "<", step)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Stores a new secret; the current one stays in force until this is confirmed. */
export async function putPendingFactor(tx: Tx, accountId: string, secret: string, until: number): Promise<void> {
  const pending = { pending_secret: secret, pending_until: until };
  await query(tx)
    .insertInto("second_factor")
    .values({ account_id: accountId, secret: null, last_step: 0, ...pending })
    .onConflict((conflict) => conflict.column("account_id").doUpdateSet(pending))
    .execute();
}

/** Puts the pending secret in force; false = it is no longer pending. */
export async function confirmFactor(tx: Tx, accountId: string, pending: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("second_factor")
    .set({ secret: pending, last_step: step, pending_secret: null, pending_until: 0 })
    .where("account_id", "=", accountId)
    .where("pending_secret", "=", pending)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
