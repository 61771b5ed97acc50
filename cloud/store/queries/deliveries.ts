import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Peers that an access point may have: recorded before they are sent, deleted once the access point has confirmed their removal. */

/** Ids of sessions that the access point may have as peers. */
export async function deliveredTo(db: Db, accessPointId: string): Promise<Set<string>> {
  const rows = await query(db)
    .selectFrom("peer_delivery")
    .select("session_id")
    .where("access_point_id", "=", accessPointId)
    .execute();
  return new Set(rows.map((row) => row.session_id));
}

/** Ids of those sessions that have ended. */
export async function endedDeliveries(db: Db, accessPointId: string): Promise<string[]> {
  const rows = await query(db)
    .selectFrom("peer_delivery")
    .innerJoin("session", "session.id", "peer_delivery.session_id")
    .select("session.id")
    .where("peer_delivery.access_point_id", "=", accessPointId)
    .where("session.ended_at", "is not", null)
    .execute();
  return rows.map((row) => row.id);
}

export async function addDeliveries(tx: Tx, sessionId: string, accessPointIds: readonly string[]): Promise<void> {
  if (accessPointIds.length === 0) return;
  await query(tx)
    .insertInto("peer_delivery")
    .values(accessPointIds.map((access_point_id) => ({ session_id: sessionId, access_point_id })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Whether any access point may have the session as a peer. */
export async function isDelivered(db: Db, sessionId: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("peer_delivery")
    .select("access_point_id")
    .where("session_id", "=", sessionId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function deleteDelivery(tx: Tx, sessionId: string, accessPointId: string): Promise<void> {
  await query(tx)
    .deleteFrom("peer_delivery")
    .where("session_id", "=", sessionId)
    .where("access_point_id", "=", accessPointId)
    .execute();
}

export async function deleteDeliveriesTo(db: Db, accessPointId: string): Promise<void> {
  await query(db).deleteFrom("peer_delivery").where("access_point_id", "=", accessPointId).execute();
}
