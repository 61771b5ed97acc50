import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Identifies a repeated request. */
export interface IdempotencyKey {
  tenantId: string;
  action: string;
  token: string;
}

/** The answer stored after `after` (epoch ms). */
export async function findAnswer(db: Db, key: IdempotencyKey, after: number): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("client_token")
    .select("answer")
    .where("tenant_id", "=", key.tenantId)
    .where("action", "=", key.action)
    .where("token", "=", key.token)
    .where("at", ">", after)
    .executeTakeFirst();
  return row?.answer;
}

/** `before` is epoch ms. */
export async function deleteAnswers(tx: Tx, before: number): Promise<void> {
  await query(tx).deleteFrom("client_token").where("at", "<=", before).execute();
}

/**
 * Stores an answer; false = another request with this token stored its own first. `replaces` is an existing answer that may be
 * overwritten because it is unusable.
 */
export async function insertAnswer(
  tx: Tx,
  key: IdempotencyKey,
  answer: { answer: string; at: number },
  replaces: string | undefined,
): Promise<boolean> {
  const added = await query(tx)
    .insertInto("client_token")
    .values({ tenant_id: key.tenantId, action: key.action, token: key.token, ...answer })
    .onConflict((conflict) =>
      conflict
        .columns(["tenant_id", "action", "token"])
        .doUpdateSet(answer)
        .where("client_token.answer", "=", replaces ?? ""),
    )
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}
