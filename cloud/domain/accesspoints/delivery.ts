import { randomBytes } from "node:crypto";
import type { Context } from "../context.ts";
import type { DesiredPeer } from "./board.ts";
import type { AccessPointState } from "./registry.ts";

/** Reads what the store remembers of an access point, at the start of a stream. */
export async function loadDelivered(context: Context, state: AccessPointState): Promise<void> {
  const rows = await context.store
    .selectFrom("peer_delivery")
    .select("session_id")
    .where("access_point_id", "=", state.id)
    .execute();
  state.delivered = new Set(rows.map((row) => row.session_id));
}

/**
 * Makes ready for this access point to be told of these peers: each gets a pre-shared key with it, and the store remembers,
 * before anything is sent, that the peer may now be there. Peers of a fresh Dial are noted already, so this costs them nothing.
 */
export async function prepareDelivery(
  context: Context,
  state: AccessPointState,
  peers: readonly DesiredPeer[],
): Promise<void> {
  const unkeyed = peers.filter((peer) => !peer.keys.has(state.id));
  const unnoted = peers.filter((peer) => !state.delivered.has(peer.sessionId));
  if (unkeyed.length === 0 && unnoted.length === 0) return;
  const made = unkeyed.map((peer) => ({ peer, value: new Uint8Array(randomBytes(32)) }));
  await context.store.transaction().execute(async (tx) => {
    for (const { peer, value } of made) {
      await tx
        .insertInto("keys.preshared_key")
        .values({ session_id: peer.sessionId, access_point_id: state.id, value })
        .execute();
    }
    for (const peer of unnoted) {
      await tx
        .insertInto("peer_delivery")
        .values({ session_id: peer.sessionId, access_point_id: state.id })
        .onConflict((c) => c.doNothing())
        .execute();
    }
  });
  for (const { peer, value } of made) peer.keys.set(state.id, value);
  for (const peer of unnoted) state.delivered.add(peer.sessionId);
}

/**
 * An access point has everything up to `revision` of this epoch in force: so it no longer carries the sessions that ended
 * before. Once no access point does, their addresses are free.
 */
export async function confirmRemovals(context: Context, state: AccessPointState, revision: number): Promise<void> {
  const { store, board } = context;
  const gone = (
    await store
      .selectFrom("peer_delivery")
      .innerJoin("session", "session.id", "peer_delivery.session_id")
      .select("session.id")
      .where("peer_delivery.access_point_id", "=", state.id)
      .where("session.ended_at", "is not", null)
      .execute()
  )
    .map((row) => row.id)
    .filter((id) => board.get(id) === undefined && board.removedAt(id) <= revision);
  if (gone.length === 0) return;
  for (const id of gone) state.delivered.delete(id);
  await store.transaction().execute(async (tx) => {
    for (const sessionId of gone) {
      await tx
        .deleteFrom("peer_delivery")
        .where("session_id", "=", sessionId)
        .where("access_point_id", "=", state.id)
        .execute();
      const left = await tx
        .selectFrom("peer_delivery")
        .select("access_point_id")
        .where("session_id", "=", sessionId)
        .executeTakeFirst();
      if (left) continue;
      await tx.updateTable("address").set({ blocked_until: 0 }).where("session_id", "=", sessionId).execute();
      board.forgetRemoval(sessionId);
    }
  });
}

/** An access point that was removed carries nothing that could be confirmed any more. */
export async function forgetAccessPoint(context: Context, state: AccessPointState): Promise<void> {
  await confirmRemovals(context, state, Number.POSITIVE_INFINITY);
  await context.store.deleteFrom("peer_delivery").where("access_point_id", "=", state.id).execute();
  await context.store.deleteFrom("keys.preshared_key").where("access_point_id", "=", state.id).execute();
  for (const peer of context.board.peersOf(state.ccnId)) peer.keys.delete(state.id);
}
