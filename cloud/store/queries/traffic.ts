import type { Db, Row, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Inner bytes: rx from the client, tx to the client. */
export interface Bytes {
  rx: number;
  tx: number;
}

type CounterKey = Pick<Row<"traffic_counter">, "access_point_id" | "boot_id" | "session_id">;

/** The last cumulative counters of a session during one boot of one access point. */
export async function findCounter(db: Db, key: CounterKey): Promise<Bytes | undefined> {
  const row = await query(db)
    .selectFrom("traffic_counter")
    .select(["rx_bytes", "tx_bytes"])
    .where("access_point_id", "=", key.access_point_id)
    .where("boot_id", "=", key.boot_id)
    .where("session_id", "=", key.session_id)
    .executeTakeFirst();
  return row && { rx: row.rx_bytes, tx: row.tx_bytes };
}

export async function putCounter(tx: Tx, key: CounterKey, total: Bytes): Promise<void> {
  const values = { rx_bytes: total.rx, tx_bytes: total.tx };
  await query(tx)
    .insertInto("traffic_counter")
    .values({ ...key, ...values })
    .onConflict((conflict) => conflict.columns(["access_point_id", "boot_id", "session_id"]).doUpdateSet(values))
    .execute();
}

/** Deletes an access point's counters of all earlier boots. */
export async function deleteFormerCounters(tx: Tx, accessPointId: string, bootId: string): Promise<void> {
  await query(tx)
    .deleteFrom("traffic_counter")
    .where("access_point_id", "=", accessPointId)
    .where("boot_id", "!=", bootId)
    .execute();
}

/** The account, instance and CCN that a session's traffic counts for. */
export interface TrafficOwner {
  account_id: string;
  instance_id: string;
  ccn_id: string;
  /** null = the account was deleted. */
  user_name: string | null;
}

export async function trafficOwner(db: Db, sessionId: string): Promise<TrafficOwner | undefined> {
  return query(db)
    .selectFrom("session")
    .leftJoin("account", "account.id", "session.account_id")
    .select(["session.account_id", "session.instance_id", "session.ccn_id", "account.user_name"])
    .where("session.id", "=", sessionId)
    .executeTakeFirst();
}

/** Adds to a session's traffic on a UTC day ("2026-11-30"). */
export async function addTraffic(
  tx: Tx,
  day: string,
  sessionId: string,
  owner: TrafficOwner,
  added: Bytes,
): Promise<void> {
  await query(tx)
    .insertInto("traffic_day")
    .values({
      day,
      session_id: sessionId,
      account_id: owner.account_id,
      instance_id: owner.instance_id,
      user_name: owner.user_name ?? "",
      rx_bytes: added.rx,
      tx_bytes: added.tx,
    })
    .onConflict((conflict) =>
      conflict.columns(["day", "session_id"]).doUpdateSet((e) => ({
        rx_bytes: e("traffic_day.rx_bytes", "+", added.rx),
        tx_bytes: e("traffic_day.tx_bytes", "+", added.tx),
      })),
    )
    .execute();
}
