import type { Context } from "../context.ts";

/** A running session as administrators see it. */
export interface RunningSessionView {
  id: string;
  instanceId: string;
  userName: string;
  deviceName: string;
  clientIp: string;
  mode: string;
  /** Where the client says it is; "" = not heard yet. */
  accessPointId: string;
  /** s. */
  sinceSeconds: number;
  leaseLeftSeconds: number;
  rxBytes: number;
  txBytes: number;
}

export async function listSessions(context: Context, instanceId: string | undefined): Promise<RunningSessionView[]> {
  const { store, clock, presence } = context;
  let query = store
    .selectFrom("session")
    .leftJoin("account", "account.id", "session.account_id")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "session.account_id").onRef("device.id", "=", "session.device_id"),
    )
    .selectAll("session")
    .select(["account.user_name", "device.name as device_name"])
    .select((e) => [
      e
        .selectFrom("traffic_day")
        .select((t) => t.fn.sum<number | null>("rx_bytes").as("n"))
        .whereRef("session_id", "=", "session.id")
        .as("rx"),
      e
        .selectFrom("traffic_day")
        .select((t) => t.fn.sum<number | null>("tx_bytes").as("n"))
        .whereRef("session_id", "=", "session.id")
        .as("tx"),
    ])
    .where("session.ended_at", "is", null);
  if (instanceId !== undefined) query = query.where("session.instance_id", "=", instanceId);
  const now = clock.now();
  return (await query.orderBy("session.started_at").execute()).map((row) => ({
    id: row.id,
    instanceId: row.instance_id,
    userName: row.user_name ?? "",
    deviceName: row.device_name ?? "",
    clientIp: row.client_ip,
    mode: row.mode,
    accessPointId: presence.accessPointOf(row.id) ?? "",
    sinceSeconds: Math.round((now - row.started_at) / 1_000),
    leaseLeftSeconds: Math.round((row.lease_until - now) / 1_000),
    rxBytes: Number(row.rx ?? 0),
    txBytes: Number(row.tx ?? 0),
  }));
}
