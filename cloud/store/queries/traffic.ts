import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** Inner bytes: rx from the client, tx to the client. */
export interface Bytes {
  rx: number;
  tx: number;
}

/** Which counters are meant. */
interface CounterKey {
  accessPointId: string;
  bootId: string;
  sessionId: string;
}

/** The last cumulative counters of a session during one boot of one access point. */
export async function findCounter(db: Db, key: CounterKey): Promise<Bytes | undefined> {
  const row = await query(db)
    .selectFrom("traffic_counter")
    .select(["rx_bytes", "tx_bytes"])
    .where("access_point_id", "=", key.accessPointId)
    .where("boot_id", "=", key.bootId)
    .where("session_id", "=", key.sessionId)
    .executeTakeFirst();
  return row && { rx: row.rx_bytes, tx: row.tx_bytes };
}

export async function putCounter(tx: Tx, key: CounterKey, total: Bytes): Promise<void> {
  const values = { rx_bytes: total.rx, tx_bytes: total.tx };
  await query(tx)
    .insertInto("traffic_counter")
    .values({ access_point_id: key.accessPointId, boot_id: key.bootId, session_id: key.sessionId, ...values })
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
  accountId: string;
  instanceId: string;
  ccnId: string;
  /** null = the account was deleted. */
  userName: string | null;
}

export async function trafficOwner(db: Db, sessionId: string): Promise<TrafficOwner | undefined> {
  return query(db)
    .selectFrom("session")
    .leftJoin("account", "account.id", "session.account_id")
    .select([
      "session.account_id as accountId",
      "session.instance_id as instanceId",
      "session.ccn_id as ccnId",
      "account.user_name as userName",
    ])
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
      account_id: owner.accountId,
      instance_id: owner.instanceId,
      user_name: owner.userName ?? "",
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
