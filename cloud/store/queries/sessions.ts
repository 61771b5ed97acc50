import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export async function insertSession(tx: Tx, row: shapes.Session): Promise<void> {
  await query(tx).insertInto("session").values(shapes.session.row(row)).execute();
}

export async function sessionByToken(db: Db, tokenHash: string): Promise<shapes.Session | undefined> {
  return query(db)
    .selectFrom("session")
    .select(shapes.session.columns)
    .where("token_hash", "=", tokenHash)
    .executeTakeFirst();
}

/** Whether the session belongs to the account; it may have ended. */
export async function isSessionOf(db: Db, id: string, accountId: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("session")
    .select("id")
    .where("id", "=", id)
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function isRunning(db: Db, id: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("session")
    .select("id")
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether a running session of the CCN has this public key. */
export async function hasPublicKey(db: Db, ccnId: string, publicKey: Uint8Array): Promise<boolean> {
  const row = await query(db)
    .selectFrom("session")
    .select("id")
    .where("ccn_id", "=", ccnId)
    .where("public_key", "=", publicKey)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** undefined = the session has ended. */
export async function renewSession(
  tx: Tx,
  id: string,
  values: Pick<shapes.Session, "renewedAt" | "leaseUntil"> & Partial<Pick<shapes.Session, "publicKey" | "incarnation">>,
): Promise<shapes.Session | undefined> {
  return query(tx)
    .updateTable("session")
    .set(shapes.session.row(values))
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .returning(shapes.session.columns)
    .executeTakeFirst();
}

/**
 * Ends a running session and returns the end of its lease; undefined = it had already ended. Only one of several concurrent calls ends
 * it.
 */
export async function endSession(
  tx: Tx,
  id: string,
  end: { at: number; cause: string; text: string; reason?: string | undefined },
): Promise<number | undefined> {
  const row = await query(tx)
    .updateTable("session")
    .set({ ended_at: end.at, ended_cause: end.cause, ended_text: end.text, ended_reason: end.reason ?? null })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .returning("lease_until")
    .executeTakeFirst();
  return row?.lease_until;
}

/** Selects sessions by account, instance, sign-in or device; conditions are combined. */
export interface SessionsOf {
  accountId?: string;
  instanceId?: string;
  signInId?: string;
  deviceId?: string;
}

/** Ids of the running sessions. */
export async function runningSessions(db: Db, of: SessionsOf): Promise<string[]> {
  let running = query(db).selectFrom("session").select("id").where("ended_at", "is", null);
  if (of.accountId !== undefined) running = running.where("account_id", "=", of.accountId);
  if (of.instanceId !== undefined) running = running.where("instance_id", "=", of.instanceId);
  if (of.signInId !== undefined) running = running.where("sign_in_id", "=", of.signInId);
  if (of.deviceId !== undefined) running = running.where("device_id", "=", of.deviceId);
  return (await running.execute()).map((row) => row.id);
}

/** Moves the running sessions of these sign-ins to another sign-in. */
export async function moveSessions(tx: Tx, from: readonly string[], signInId: string): Promise<void> {
  if (from.length === 0) return;
  await query(tx)
    .updateTable("session")
    .set({ sign_in_id: signInId })
    .where("sign_in_id", "in", [...from])
    .where("ended_at", "is", null)
    .execute();
}

/** Ids of running sessions whose lease is over. */
export async function expiredSessions(db: Db, now: number): Promise<string[]> {
  const rows = await query(db)
    .selectFrom("session")
    .select("id")
    .where("ended_at", "is", null)
    .where("lease_until", "<=", now)
    .execute();
  return rows.map((row) => row.id);
}

/** End of the next lease, epoch ms. */
export async function nextLeaseEnd(db: Db): Promise<number | undefined> {
  const row = await query(db)
    .selectFrom("session")
    .select((e) => e.fn.min("lease_until").as("at"))
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row?.at ? Number(row.at) : undefined;
}

/** A running session with the name of its device. */
export interface NamedSession {
  id: string;
  deviceId: string;
  clientIp: string;
  clientIp6: string;
  mode: string;
  startedAt: number;
  name: string | null;
}

/** An account's running sessions, latest first. `instanceId` undefined = in any instance. */
export async function namedSessions(
  db: Db,
  accountId: string,
  { instanceId, limit }: { instanceId?: string; limit?: number },
): Promise<NamedSession[]> {
  let running = query(db)
    .selectFrom("session")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "session.account_id").onRef("device.id", "=", "session.device_id"),
    )
    .select([
      "session.id",
      "session.device_id as deviceId",
      "session.client_ip as clientIp",
      "session.client_ip6 as clientIp6",
    ])
    .select(["session.mode", "session.started_at as startedAt", "device.name"])
    .where("session.account_id", "=", accountId)
    .where("session.ended_at", "is", null)
    .orderBy("session.started_at", "desc");
  if (instanceId !== undefined) running = running.where("session.instance_id", "=", instanceId);
  if (limit !== undefined) running = running.limit(limit);
  return running.execute();
}

/** A running session with values of its account. */
export interface AccountedSession extends shapes.Session {
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Home instance of a roaming account; null = not roaming. */
  roamedFrom: string | null;
  /** Its account's own ACL; null = none. */
  aclId: string | null;
}

/** Running sessions: all, or those of an instance or account. */
export async function accountedSessions(
  db: Db,
  of: { instanceId?: string; accountId?: string | undefined },
): Promise<AccountedSession[]> {
  let running = query(db)
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account_id")
    .select(shapes.session.columns)
    .select(["account.bandwidth", "account.roamed_from as roamedFrom", "account.acl_id as aclId"])
    .where("session.ended_at", "is", null);
  if (of.instanceId !== undefined) running = running.where("session.instance_id", "=", of.instanceId);
  if (of.accountId !== undefined) running = running.where("session.account_id", "=", of.accountId);
  return running.execute();
}

/** A session for listings. */
export interface ListedSession extends shapes.Session {
  userName: string | null;
  /** Bytes so far. */
  rx: number | null;
  tx: number | null;
}

/** Running sessions in the order in which they began, or the last `limit` ended ones, latest first. */
export async function listSessions(
  db: Db,
  of: { instanceId: string | undefined; running: boolean; limit: number },
): Promise<ListedSession[]> {
  let listed = query(db)
    .selectFrom("session")
    .leftJoin("account", "account.id", "session.account_id")
    .select(shapes.session.columns)
    .select("account.user_name as userName")
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
    ]);
  listed = of.running
    ? listed.where("session.ended_at", "is", null).orderBy("session.started_at")
    : listed.where("session.ended_at", "is not", null).orderBy("session.ended_at", "desc").limit(of.limit);
  if (of.instanceId !== undefined) listed = listed.where("session.instance_id", "=", of.instanceId);
  return listed.execute();
}
