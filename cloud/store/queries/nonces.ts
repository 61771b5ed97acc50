import type { Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Of a signed request; `at`: its date, epoch ms. */
export interface Nonce {
  accessKeyId: string;
  value: string;
  at: number;
}

/** Remembers a nonce; false = it was used before. Of many at once, one gets true. */
export async function insertNonce(tx: Tx, nonce: Nonce): Promise<boolean> {
  const added = await query(tx)
    .insertInto("request_nonce")
    .values({ access_key_id: nonce.accessKeyId, nonce: nonce.value, at: nonce.at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** `before`: epoch ms. */
export async function deleteNoncesBefore(tx: Tx, before: number): Promise<void> {
  await query(tx).deleteFrom("request_nonce").where("at", "<", before).execute();
}
