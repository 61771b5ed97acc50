import type { Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Nonce of a signed request; `at` is the request's date, epoch ms. */
export interface Nonce {
  accessKeyId: string;
  value: string;
  at: number;
}

/** Stores a nonce; false = it was already used. Only one of several concurrent calls returns true. */
export async function insertNonce(tx: Tx, nonce: Nonce): Promise<boolean> {
  const added = await query(tx)
    .insertInto("request_nonce")
    .values({ access_key_id: nonce.accessKeyId, nonce: nonce.value, at: nonce.at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** `before` is epoch ms. */
export async function deleteNoncesBefore(tx: Tx, before: number): Promise<void> {
  await query(tx).deleteFrom("request_nonce").where("at", "<", before).execute();
}
