import { randomBytes } from "node:crypto";
import type { Tx } from "../../store/db.ts";
import { addDeliveries } from "../../store/queries/deliveries.ts";
import { putKeys } from "../../store/queries/preshared-keys.ts";
import type { AccessPointState } from "../accesspoints/registry.ts";

/** New pre-shared keys of a session with all access points of its CCN, replacing former ones. */
export async function renewKeys(
  tx: Tx,
  sessionId: string,
  accessPoints: readonly AccessPointState[],
): Promise<Map<string, Uint8Array>> {
  const keys = new Map(accessPoints.map((state) => [state.id, new Uint8Array(randomBytes(32))]));
  await putKeys(tx, sessionId, keys);
  return keys;
}

/** Records, before they get it, that the connected access points will have this peer. */
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
