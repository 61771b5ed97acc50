import { randomBytes } from "node:crypto";
import type { Store } from "../../store/db.ts";
import { addKey, lostKeys } from "../../store/queries/preshared-keys.ts";
import { findSecret, putSecret } from "../../store/queries/settings.ts";
import { transaction } from "../../store/transaction.ts";

/** Name of the secret that names the keys in keys.db. A backup does not take it, so that it is another one after a restore. */
const keysNameSecret = "keys";

interface KeysOfSessions {
  /** Changes when keys of running sessions had to be made anew; part of the profile revision, so that clients renew. */
  name: string;
  /** Number of keys that were made anew. */
  remade: number;
}

/**
 * Makes keys of running sessions anew that an access point may have and the store has not any more: keys.db was lost, or the
 * database is from a backup. They are there before anybody asks, and the new name has every client that hears of it renew.
 */
export async function remakeLostKeys(store: Store): Promise<KeysOfSessions> {
  return transaction(store, async (tx) => {
    const lost = await lostKeys(tx);
    for (const { session_id, access_point_id } of lost) {
      await addKey(tx, session_id, access_point_id, new Uint8Array(randomBytes(32)));
    }
    const known = await findSecret(tx, keysNameSecret);
    if (known && lost.length === 0) return { name: Buffer.from(known).toString("hex"), remade: 0 };
    const value = new Uint8Array(randomBytes(16));
    await putSecret(tx, keysNameSecret, value);
    return { name: Buffer.from(value).toString("hex"), remade: lost.length };
  });
}
