import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** An address that was assigned at some time, with its last session. */
export interface GivenAddress {
  ip: string;
  ip6: string;
  deviceId: string;
  blockedUntil: number;
  heldUntil: number;
  /** null = the session was deleted. */
  session: string | null;
  accountId: string | null;
  endedAt: number | null;
}

export async function givenAddresses(db: Db, ccnId: string): Promise<GivenAddress[]> {
  return query(db)
    .selectFrom("address")
    .leftJoin("session", "session.id", "address.session_id")
    .select([
      "address.ip",
      "address.ip6",
      "address.device_id as deviceId",
      "address.blocked_until as blockedUntil",
      "address.held_until as heldUntil",
      "session.id as session",
      "session.account_id as accountId",
      "session.ended_at as endedAt",
    ])
    .where("address.ccn_id", "=", ccnId)
    .execute();
}

/** Fixed addresses of accounts in all instances that the CCN serves. */
export async function fixedAddresses(db: Db, ccnId: string): Promise<Set<string>> {
  const rows = await query(db)
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select("account.client_ip")
    .where("instance.ccn_id", "=", ccnId)
    .where("account.client_ip", "is not", null)
    .execute();
  return new Set(rows.map((row) => row.client_ip ?? ""));
}

/** Records the owner of an address. */
export async function putAddress(tx: Tx, row: shapes.Address): Promise<void> {
  const { ccn_id, ip, ...values } = shapes.address.row(row);
  await query(tx)
    .insertInto("address")
    .values(shapes.address.row(row))
    .onConflict((conflict) => conflict.columns(["ccn_id", "ip"]).doUpdateSet(values))
    .execute();
}

/** Keeps the address of an ended session reserved and blocked. Times are epoch ms. */
export async function keepAddressBack(
  tx: Tx,
  sessionId: string,
  until: { heldUntil: number; blockedUntil: number },
): Promise<void> {
  await query(tx)
    .updateTable("address")
    .set({ held_until: until.heldUntil, blocked_until: until.blockedUntil })
    .where("session_id", "=", sessionId)
    .execute();
}

/** Unblocks the address of a session that no access point has any more. */
export async function unblockAddress(tx: Tx, sessionId: string): Promise<void> {
  await query(tx).updateTable("address").set({ blocked_until: 0 }).where("session_id", "=", sessionId).execute();
}
