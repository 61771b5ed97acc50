import { randomBytes } from "node:crypto";
import type { Tx } from "../../store/db.ts";
import { addDeliveries } from "../../store/queries/deliveries.ts";
import { putKeys } from "../../store/queries/preshared-keys.ts";
import type { AccessPointState } from "../accesspoints/registry.ts";

/** Replaces a session's pre-shared keys with all access points of its CCN. */
export async function renewKeys(
  tx: Tx,
  sessionId: string,
  accessPoints: readonly AccessPointState[],
): Promise<Map<string, Uint8Array>> {
  const keys = new Map(accessPoints.map((state) => [state.id, new Uint8Array(randomBytes(32))]));
  await putKeys(tx, sessionId, keys);
  return keys;
}

/**
 * Records in advance that the connected access points will receive this peer, so that its address stays blocked until they confirm the
 * removal.
 */
export async function noteDelivery(
  tx: Tx,
  sessionId: string,
  accessPoints: readonly AccessPointState[],
): Promise<void> {
  const connected = accessPoints.filter((state) => state.online);
  await addDeliveries(
    tx,
    sessionId,
    connected.map((state) => state.id),
  );
  for (const state of connected) state.delivered.add(sessionId);
}
