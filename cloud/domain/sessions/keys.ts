import { randomBytes } from "node:crypto";
import type { Transaction } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { AccessPointState } from "../accesspoints/registry.ts";

/** New pre-shared keys of a session with all access points of its CCN, replacing former ones. */
export async function renewKeys(
  tx: Transaction<Schema>,
  sessionId: string,
  accessPoints: readonly AccessPointState[],
): Promise<Map<string, Uint8Array>> {
  const keys = new Map(accessPoints.map((state) => [state.id, new Uint8Array(randomBytes(32))]));
  await tx.deleteFrom("keys.preshared_key").where("session_id", "=", sessionId).execute();
  if (keys.size > 0) {
    await tx
      .insertInto("keys.preshared_key")
      .values([...keys].map(([access_point_id, value]) => ({ session_id: sessionId, access_point_id, value })))
      .execute();
  }
  return keys;
}

/** Remembers, before it happens, that the connected access points are told of this peer. */
export async function noteDelivery(
  tx: Transaction<Schema>,
  sessionId: string,
  accessPoints: readonly AccessPointState[],
): Promise<void> {
  const connected = accessPoints.filter((state) => state.online);
  if (connected.length === 0) return;
  const rows = connected.map((state) => ({ session_id: sessionId, access_point_id: state.id }));
  await tx
    .insertInto("peer_delivery")
    .values(rows)
    .onConflict((c) => c.doNothing())
    .execute();
  for (const state of connected) state.delivered.add(sessionId);
}
