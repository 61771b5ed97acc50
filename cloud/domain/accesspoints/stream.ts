import { Bell } from "../bell.ts";
import type { Context } from "../context.ts";
import type { BoardDelta, DesiredPeer } from "./board.ts";
import { loadDelivered, prepareDelivery } from "./delivery.ts";
import { type AccessPointState, graceMs } from "./registry.ts";

/** ms between signs of life on a quiet stream. */
export const heartbeatMs = 20_000;

export type StreamItem =
  | { kind: "snapshot"; revision: number; peers: DesiredPeer[] }
  | { kind: "delta"; revision: number; upsert: DesiredPeer[]; remove: string[] }
  | { kind: "heartbeat"; revision: number };

/** What an access point has already; another epoch or an unknown revision means nothing. */
export interface StreamStart {
  epoch: number;
  revision: number;
}

/** What one access point has to serve, until its stream breaks or another one takes its place. */
export async function* peerStream(
  context: Context,
  state: AccessPointState,
  start: StreamStart,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const { board, accessPoints } = context;
  const bell = new Bell();
  let superseded = false;
  const supersede = () => {
    superseded = true;
    bell.ring();
  };
  const unlisten = board.listen((ccnId) => {
    if (ccnId === state.ccnId) bell.ring();
  });
  let connected = false;
  try {
    await loadDelivered(context, state);
    await prepareDelivery(context, state, board.peersOf(state.ccnId));
    if (signal.aborted) return;
    accessPoints.connected(state.id, supersede);
    connected = true;
    context.log("info", "access point connected", { accessPoint: state.id, name: state.name });
    let sent = start.epoch === board.epoch ? start.revision : -1;
    let first = true;
    while (!signal.aborted && !superseded) {
      const delta = sent < 0 ? undefined : board.since(state.ccnId, sent);
      if (!delta || !fitsOneMessage(delta)) {
        const revision = board.revision;
        const peers = board.peersOf(state.ccnId);
        await prepareDelivery(context, state, peers);
        yield { kind: "snapshot", revision, peers };
        sent = revision;
      } else if (first || delta.upsert.length + delta.remove.length > 0) {
        await prepareDelivery(context, state, delta.upsert);
        yield { kind: "delta", ...delta };
        sent = delta.revision;
      }
      first = false;
      if (!(await bell.wait(heartbeatMs, signal)) && !signal.aborted) yield { kind: "heartbeat", revision: sent };
    }
  } finally {
    unlisten();
    if (connected && accessPoints.disconnected(state.id, supersede)) {
      context.log("info", "access point disconnected", { accessPoint: state.id });
      context.clock.after(graceMs + 1, () => void noteAbsence(context, state));
    }
  }
}

/** A delta is one message: acknowledged as a whole or not at all. What is larger goes as a snapshot, which has parts. */
function fitsOneMessage(delta: BoardDelta): boolean {
  // A destination is at most 45 characters and its framing; the rest of a peer is less than 400 bytes.
  const bytes = delta.upsert.reduce((sum, peer) => sum + 400 + peer.destinations.length * 48, delta.remove.length * 36);
  return bytes < 192 * 1024;
}

/** So that the next process does not wait for one that has long been gone. */
async function noteAbsence(context: Context, state: AccessPointState): Promise<void> {
  if (state.online) return;
  try {
    await context.store.updateTable("access_point").set({ online: 0 }).where("id", "=", state.id).execute();
  } catch (error) {
    context.log("warn", "could not note that an access point is away", { accessPoint: state.id, error: String(error) });
  }
}
