import { touchAccessPoint } from "../../store/queries/access-points.ts";
import * as traffic from "../../store/queries/traffic.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import type { AccessPointState } from "./registry.ts";

/** Counters of a session, cumulative since its peer was added during this boot of the access point. */
export interface SessionCounters {
  sessionId: string;
  rxBytes: number;
  txBytes: number;
  /** Highest generation seen in a probe, and whether that probe was marked "active here". */
  generation: bigint;
  active: boolean;
  /** Since the last handshake, ms; undefined = none yet. */
  handshakeAgeMs: number | undefined;
}

/** The increase since the last cumulative value. A lower value is stale and adds nothing. */
export function increase(before: number | undefined, now: number): number {
  return Math.max(0, now - (before ?? 0));
}

/** Adds the increases of an access point's counters to the sessions' daily totals. */
export async function account(
  context: Context,
  state: AccessPointState,
  bootId: string,
  counters: readonly SessionCounters[],
): Promise<void> {
  const { store, clock, presence } = context;
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  for (const c of counters) {
    // Counters of an ended session are reported once more.
    if (context.peers.get(c.sessionId)) {
      presence.heard(c.sessionId, c.handshakeAgeMs === undefined ? 0 : clock.now() - c.handshakeAgeMs);
    }
    if (c.active) presence.seen(c.sessionId, state.id, c.generation);
  }
  await transaction(store, async (tx) => {
    await touchAccessPoint(tx, state.id, clock.now());
    // Counters of earlier boots are already included in the daily totals.
    await traffic.deleteFormerCounters(tx, state.id, bootId);
    for (const { sessionId, rxBytes, txBytes } of counters) {
      const key = { accessPointId: state.id, bootId, sessionId };
      const last = await traffic.findCounter(tx, key);
      const added = { rx: increase(last?.rx, rxBytes), tx: increase(last?.tx, txBytes) };
      if (added.rx === 0 && added.tx === 0) continue;
      const owner = await traffic.trafficOwner(tx, sessionId);
      if (owner?.ccnId !== state.ccnId) continue;
      const total = { rx: Math.max(rxBytes, last?.rx ?? 0), tx: Math.max(txBytes, last?.tx ?? 0) };
      await traffic.putCounter(tx, key, total);
      await traffic.addTraffic(tx, day, sessionId, owner, added);
    }
  });
  state.lastSeenAt = clock.now();
}
