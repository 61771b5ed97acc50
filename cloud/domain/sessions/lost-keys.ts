import { randomBytes } from "node:crypto";
import type { Store } from "../../store/db.ts";
import { addKey, lostKeys } from "../../store/queries/preshared-keys.ts";
import { findSecret, putSecret } from "../../store/queries/settings.ts";
import { transaction } from "../../store/transaction.ts";

/** Secret with the random name of keys.db. Backups do not contain it, so that the name differs after a restore. */
const keysNameSecret = "keys";

interface KeysOfSessions {
  /** Changes when keys of running sessions were replaced. It is part of the profile revision, so that clients renew. */
  name: string;
  /** Number of keys that were replaced. */
  remade: number;
}

/**
 * Creates new keys for running sessions whose keys the store has lost (keys.db was lost, or the database was restored from a backup)
 * although access points may have them. It also changes the name, so that clients see a new profile revision and renew.
 */
export async function remakeLostKeys(store: Store): Promise<KeysOfSessions> {
  return transaction(store, async (tx) => {
    const lost = await lostKeys(tx);
    for (const { sessionId, accessPointId } of lost) {
      await addKey(tx, sessionId, accessPointId, new Uint8Array(randomBytes(32)));
    }
    const known = await findSecret(tx, keysNameSecret);
    if (known && lost.length === 0) return { name: Buffer.from(known).toString("hex"), remade: 0 };
    const value = new Uint8Array(randomBytes(16));
    await putSecret(tx, keysNameSecret, value);
    return { name: Buffer.from(value).toString("hex"), remade: lost.length };
  });
}
