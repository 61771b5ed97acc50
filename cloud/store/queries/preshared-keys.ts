import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Pre-shared keys of one session, by access point. */
export type KeysByAccessPoint = Map<string, Uint8Array>;

/** Replaces all keys of a session. */
export async function putKeys(tx: Tx, sessionId: string, keys: KeysByAccessPoint): Promise<void> {
  await deleteKeys(tx, sessionId);
  if (keys.size === 0) return;
  await query(tx)
    .insertInto("keys.preshared_key")
    .values([...keys].map(([access_point_id, value]) => ({ session_id: sessionId, access_point_id, value })))
    .execute();
}

/** Adds a key unless there is one; returns the effective key. */
export async function addKey(tx: Tx, sessionId: string, accessPointId: string, value: Uint8Array): Promise<Uint8Array> {
  await query(tx)
    .insertInto("keys.preshared_key")
    .values({ session_id: sessionId, access_point_id: accessPointId, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await query(tx)
    .selectFrom("keys.preshared_key")
    .select("value")
    .where("session_id", "=", sessionId)
    .where("access_point_id", "=", accessPointId)
    .executeTakeFirstOrThrow();
  return new Uint8Array(row.value);
}

export async function deleteKeys(tx: Tx, sessionId: string): Promise<void> {
  await query(tx).deleteFrom("keys.preshared_key").where("session_id", "=", sessionId).execute();
}

export async function deleteKeysOfAccessPoint(db: Db, accessPointId: string): Promise<void> {
  await query(db).deleteFrom("keys.preshared_key").where("access_point_id", "=", accessPointId).execute();
}

/** All keys, by session. */
export async function allKeys(db: Db): Promise<Map<string, KeysByAccessPoint>> {
  const keys = new Map<string, KeysByAccessPoint>();
  for (const row of await query(db).selectFrom("keys.preshared_key").selectAll().execute()) {
    const own = keys.get(row.session_id) ?? new Map<string, Uint8Array>();
    keys.set(row.session_id, own.set(row.access_point_id, new Uint8Array(row.value)));
  }
  return keys;
}

/** Pairs of running session and access point whose key is missing although the access point may have the peer. */
export async function lostKeys(db: Db): Promise<{ sessionId: string; accessPointId: string }[]> {
  return query(db)
    .selectFrom("peer_delivery")
    .innerJoin("session", "session.id", "peer_delivery.session_id")
    .leftJoin("keys.preshared_key as key", (join) =>
      join
        .onRef("key.session_id", "=", "peer_delivery.session_id")
        .onRef("key.access_point_id", "=", "peer_delivery.access_point_id"),
    )
    .select(["peer_delivery.session_id as sessionId", "peer_delivery.access_point_id as accessPointId"])
    .where("session.ended_at", "is", null)
    .where("key.session_id", "is", null)
    .execute();
}
