import type { Context } from "../context.ts";
import type { AccessPointState } from "./registry.ts";

/** Cumulative since the session's peer was put in force in this boot of the access point. */
export interface SessionCounters {
  sessionId: string;
  rxBytes: number;
  txBytes: number;
  /** Highest generation of a probe, and whether it said "active here". */
  generation: bigint;
  active: boolean;
}

/** What to add, given the last cumulative value. A lower one than before is stale: it adds nothing. */
export function increase(before: number | undefined, now: number): number {
  return Math.max(0, now - (before ?? 0));
}

/** Adds what is new in an access point's counters to the sessions' totals. */
export async function account(
  context: Context,
  state: AccessPointState,
  bootId: string,
  counters: readonly SessionCounters[],
): Promise<void> {
  const { store, clock, presence } = context;
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  for (const c of counters) {
    if (c.active) presence.seen(c.sessionId, state.id, c.generation);
  }
  await store.transaction().execute(async (tx) => {
    await tx
      .updateTable("access_point")
      .set({ online: 1, last_seen_at: clock.now() })
      .where("id", "=", state.id)
      .execute();
    // Totals of former boots are in the days' sums already.
    await tx
      .deleteFrom("traffic_counter")
      .where("access_point_id", "=", state.id)
      .where("boot_id", "!=", bootId)
      .execute();
    for (const { sessionId, rxBytes, txBytes } of counters) {
      const key = { access_point_id: state.id, boot_id: bootId, session_id: sessionId };
      const last = await tx
        .selectFrom("traffic_counter")
        .select(["rx_bytes", "tx_bytes"])
        .where("access_point_id", "=", state.id)
        .where("boot_id", "=", bootId)
        .where("session_id", "=", sessionId)
        .executeTakeFirst();
      const rx = increase(last?.rx_bytes, rxBytes);
      const tx_ = increase(last?.tx_bytes, txBytes);
      if (rx === 0 && tx_ === 0) continue;
      const owner = await tx
        .selectFrom("session")
        .leftJoin("account", "account.id", "session.account_id")
        .select(["session.account_id", "session.instance_id", "session.ccn_id", "account.user_name"])
        .where("session.id", "=", sessionId)
        .executeTakeFirst();
      if (owner?.ccn_id !== state.ccnId) continue;
      const total = {
        rx_bytes: Math.max(rxBytes, last?.rx_bytes ?? 0),
        tx_bytes: Math.max(txBytes, last?.tx_bytes ?? 0),
      };
      await tx
        .insertInto("traffic_counter")
        .values({ ...key, ...total })
        .onConflict((c) => c.columns(["access_point_id", "boot_id", "session_id"]).doUpdateSet(total))
        .execute();
      await tx
        .insertInto("traffic_day")
        .values({
          day,
          session_id: sessionId,
          account_id: owner.account_id,
          instance_id: owner.instance_id,
          user_name: owner.user_name ?? "",
          rx_bytes: rx,
          tx_bytes: tx_,
        })
        .onConflict((c) =>
          c.columns(["day", "session_id"]).doUpdateSet((e) => ({
            rx_bytes: e("traffic_day.rx_bytes", "+", rx),
            tx_bytes: e("traffic_day.tx_bytes", "+", tx_),
          })),
        )
        .execute();
    }
  });
  state.lastSeenAt = clock.now();
}
