import { randomBytes } from "node:crypto";
import type { Tx } from "../../store/db.ts";
import { lockSession } from "../../store/locks.ts";
import { unblockAddress } from "../../store/queries/addresses.ts";
import * as deliveries from "../../store/queries/deliveries.ts";
import { addKey, deleteKeysOfAccessPoint } from "../../store/queries/preshared-keys.ts";
import { isRunning } from "../../store/queries/sessions.ts";
import type { DesiredPeer } from "../../store/shared/peer-table.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import type { AccessPointState } from "./registry.ts";

/** Loads the sessions that the access point may have as peers, at the start of a stream. */
export async function loadDelivered(context: Context, state: AccessPointState): Promise<void> {
  state.delivered = await deliveries.deliveredTo(context.store, state.id);
}

/**
 * Prepares peers for delivery to an access point: each gets a pre-shared key with it, and the store records in advance that the access
 * point may have the peer. For peers of a new Dial this was already done in its transaction. Returns the peers to send. A session that
 * has ended in the meantime is left out, because nothing would wait for the confirmation of its removal.
 */
export async function prepareDelivery(
  context: Context,
  state: AccessPointState,
  peers: readonly DesiredPeer[],
): Promise<DesiredPeer[]> {
  const complete = (peer: DesiredPeer) => peer.keys.has(state.id) && state.delivered.has(peer.sessionId);
  const open = peers.filter((peer) => !complete(peer));
  if (open.length === 0) return [...peers];
  const keys = await transaction(context.store, async (tx) => {
    const stored = new Map<string, Uint8Array>();
    for (const { sessionId } of open) {
      const value = await storeDelivery(tx, sessionId, state.id);
      if (value) stored.set(sessionId, value);
    }
    return stored;
  });
  for (const peer of open) {
    const value = keys.get(peer.sessionId);
    if (!value) continue;
    peer.keys.set(state.id, value);
    state.delivered.add(peer.sessionId);
  }
  return peers.filter(complete);
}

/** Records one delivery; returns the session's pre-shared key with the access point, or undefined if the session has ended. */
async function storeDelivery(tx: Tx, sessionId: string, accessPointId: string): Promise<Uint8Array | undefined> {
  await lockSession(tx, sessionId);
  if (!(await isRunning(tx, sessionId))) return undefined;
  await deliveries.addDeliveries(tx, sessionId, [accessPointId]);
  // Two streams of one access point can run at once while one replaces the other; the first key wins.
  return addKey(tx, sessionId, accessPointId, new Uint8Array(randomBytes(32)));
}

/**
 * The access point has applied everything up to `revision` of this epoch, so it no longer has the sessions that ended before. An
 * address is free once no access point has its session.
 */
export async function confirmRemovals(context: Context, state: AccessPointState, revision: number): Promise<void> {
  const { store, peers } = context;
  const ended = await deliveries.endedDeliveries(store, state.id);
  const gone = ended.filter((id) => peers.get(id) === undefined && peers.removedAt(id) <= revision);
  if (gone.length === 0) return;
  for (const id of gone) state.delivered.delete(id);
  await transaction(store, async (tx) => {
    for (const sessionId of gone) {
      await lockSession(tx, sessionId);
      await deliveries.deleteDelivery(tx, sessionId, state.id);
      if (await deliveries.isDelivered(tx, sessionId)) continue;
      await unblockAddress(tx, sessionId);
      peers.forgetRemoval(sessionId);
    }
  });
}

/** Cleans up after the removal of an access point, which cannot confirm removals any more. */
export async function forgetAccessPoint(context: Context, state: AccessPointState): Promise<void> {
  await confirmRemovals(context, state, Number.POSITIVE_INFINITY);
  await deliveries.deleteDeliveriesTo(context.store, state.id);
  await deleteKeysOfAccessPoint(context.store, state.id);
  for (const peer of context.peers.peersOf(state.ccnId)) peer.keys.delete(state.id);
}
