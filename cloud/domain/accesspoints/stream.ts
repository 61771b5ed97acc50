import { setAccessPointOffline } from "../../store/queries/access-points.ts";
import type { AccessRule } from "../../store/shared/access-rule.ts";
import type { DesiredPeer, PeerDelta } from "../../store/shared/peer-table.ts";
import type { Context } from "../context.ts";
import { Signal } from "../signal.ts";
import { loadDelivered, prepareDelivery } from "./delivery.ts";
import { type AccessPointState, graceMs } from "./registry.ts";

/** Interval of heartbeats on an idle stream, ms. */
export const heartbeatMs = 20_000;

export type StreamItem =
  | { kind: "snapshot"; revision: number; peers: DesiredPeer[] }
  | { kind: "delta"; revision: number; upsert: DesiredPeer[]; remove: string[] }
  | { kind: "heartbeat"; revision: number };

/** What the access point already has; ignored if the epoch or revision is unknown. */
export interface StreamStart {
  epoch: number;
  revision: number;
}

/** The peers of one access point, until its stream breaks or is replaced by a new one. */
export async function* peerStream(
  context: Context,
  state: AccessPointState,
  start: StreamStart,
  signal: AbortSignal,
): AsyncGenerator<StreamItem> {
  const { peers: table, accessPoints } = context;
  const changed = new Signal();
  let superseded = false;
  const supersede = () => {
    superseded = true;
    changed.set();
  };
  const unlisten = table.listen((ccnId) => {
    if (ccnId === state.ccnId) changed.set();
  });
  let connected = false;
  try {
    await loadDelivered(context, state);
    await prepareDelivery(context, state, table.peersOf(state.ccnId));
    if (signal.aborted) return;
    accessPoints.connected(state.id, supersede);
    connected = true;
    context.log("info", "access point connected", { accessPoint: state.id, name: state.name });
    let sent = start.epoch === table.epoch ? start.revision : -1;
    let first = true;
    while (!signal.aborted && !superseded) {
      const delta = sent < 0 ? undefined : table.since(state.ccnId, sent);
      if (!delta || !fitsOneMessage(context, delta, state)) {
        const revision = table.revision;
        const peers = await prepareDelivery(context, state, table.peersOf(state.ccnId));
        yield { kind: "snapshot", revision, peers };
        sent = revision;
      } else if (first || delta.upsert.length + delta.remove.length > 0) {
        const upsert = await prepareDelivery(context, state, delta.upsert);
        yield { kind: "delta", ...delta, upsert };
        sent = delta.revision;
      }
      first = false;
      if (!(await changed.wait(heartbeatMs, signal)) && !signal.aborted) yield { kind: "heartbeat", revision: sent };
    }
  } finally {
    unlisten();
    if (connected && accessPoints.disconnected(state.id, supersede)) {
      context.log("info", "access point disconnected", { accessPoint: state.id });
      context.clock.after(graceMs + 1, () => void noteAbsence(context, state));
    }
  }
}

/**
 * A delta must fit into one message, so that it is acknowledged as a whole; larger changes are sent as a snapshot, which can be split.
 */
function fitsOneMessage(
  { peers: table }: Context,
  { upsert, remove }: PeerDelta,
  { sharedAccessLists }: AccessPointState,
): boolean {
  // A destination has at most 45 characters plus framing, a rule two such prefixes, an id and numbers; the rest of a peer is less than
  // 450 bytes, and a flow log less than 350.
  const peers = upsert.reduce(
    (sum, peer) => sum + 450 + (peer.flowLog ? 350 : 0) + peer.destinations.length * 48,
    remove.length * 36,
  );
  const lists = upsert.flatMap((peer) => peer.lists);
  const sent = sharedAccessLists ? new Map(lists.map((list) => [list.id, list])).values() : lists;
  // A rule with a name is sent for each address family.
  const sizeOf = ({ remoteName: name }: AccessRule) => (name === "" ? 160 : 2 * (160 + name.length));
  const bytes = [...sent]
    .flatMap(({ rules }) => rules)
    .reduce((sum, rule) => sum + sizeOf(rule), peers + lists.length * 80);
  // A policy has two prefixes, too.
  let policies = 0;
  for (const id of new Set(upsert.map((peer) => peer.instanceId))) {
    for (const each of table.limits(id)?.classes ?? []) policies += 1 + each.policies.length;
  }
  return bytes + policies * 160 < 192 * 1024;
}

/** Records that the access point is offline, so that the next process does not wait for it. */
async function noteAbsence(context: Context, state: AccessPointState): Promise<void> {
  if (state.online) return;
  try {
    await setAccessPointOffline(context.store, state.id);
  } catch (error) {
    context.log("warn", "could not record that an access point is offline", {
      accessPoint: state.id,
      error: String(error),
    });
  }
}
