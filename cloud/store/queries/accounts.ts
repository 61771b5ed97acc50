import { sql } from "kysely";
import { typedName } from "../../../common/user-name.ts";
import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import { nameKey } from "../names.ts";
import * as shapes from "../shapes.ts";

/**
 * The account with this name, ignoring case and surrounding blanks, or with this id. If older data has names that differ only in case,
 * prefers the exact match.
 */
export function accountNamed(db: Db, instanceId: string, user: string): Promise<shapes.Account | undefined> {
  return query(db)
    .selectFrom("account")
    .select(shapes.account.columns)
    .where("instance_id", "=", instanceId)
    .where((e) => e.or([e("user_name", "=", typedName(user)), e("name_key", "=", nameKey(user)), e("id", "=", user)]))
    .orderBy(sql`user_name <> ${typedName(user)}`)
    .executeTakeFirst();
}

export function accountById(db: Db, id: string): Promise<shapes.Account | undefined> {
  return query(db).selectFrom("account").select(shapes.account.columns).where("id", "=", id).executeTakeFirst();
}

/** Ordered by name. */
export function accountsOf(db: Db, instanceId: string): Promise<shapes.Account[]> {
  return query(db)
    .selectFrom("account")
    .select(shapes.account.columns)
    .where("instance_id", "=", instanceId)
    .orderBy("user_name")
    .execute();
}

export async function countAccounts(db: Db, instanceId: string): Promise<number> {
  const { count } = await query(db)
    .selectFrom("account")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("instance_id", "=", instanceId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function insertAccount(tx: Tx, row: shapes.Account): Promise<void> {
  await query(tx).insertInto("account").values(shapes.account.row(row)).execute();
}

export async function updateAccount(tx: Tx, id: string, set: Partial<shapes.Account>): Promise<void> {
  if (Object.keys(set).length > 0)
    await query(tx).updateTable("account").set(shapes.account.row(set)).where("id", "=", id).execute();
}

export async function deleteAccount(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("account").where("id", "=", id).execute();
}

/** The instance in which the user name is taken, among all instances with the same enterprise code. */
export async function namesakeIn(db: Db, instanceId: string, userName: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("account")
    .innerJoin("instance as theirs", "theirs.id", "account.instance_id")
    .innerJoin("instance as own", "own.enterprise_code", "theirs.enterprise_code")
    .select("account.instance_id")
    .where("own.id", "=", instanceId)
    .where("account.name_key", "=", nameKey(userName))
    .executeTakeFirst();
  return row?.instance_id;
}

/** The account with this fixed address, among all instances served by the same CCN. */
export function ownerOfAddress(
  db: Db,
  instanceId: string,
  address: string,
): Promise<{ id: string; userName: string; tenantId: string } | undefined> {
  return query(db)
    .selectFrom("account")
    .innerJoin("instance as theirs", "theirs.id", "account.instance_id")
    .innerJoin("instance as own", "own.ccn_id", "theirs.ccn_id")
    .select(["account.id", "account.user_name as userName", "theirs.tenant_id as tenantId"])
    .where("own.id", "=", instanceId)
    .where("account.client_ip", "=", address)
    .executeTakeFirst();
}

/** Whether a running session has this address, among all instances served by the same CCN. */
export async function hasSessionAt(db: Db, instanceId: string, address: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("session")
    .innerJoin("instance", "instance.ccn_id", "session.ccn_id")
    .select("session.id")
    .where("instance.id", "=", instanceId)
    .where("session.client_ip", "=", address)
    .where("session.ended_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** Bytes since the account was created. */
export async function trafficOf(db: Db, accountId: string): Promise<{ rx: number; tx: number }> {
  const row = await query(db)
    .selectFrom("traffic_day")
    .select((e) => [e.fn.sum<number | null>("rx_bytes").as("rx"), e.fn.sum<number | null>("tx_bytes").as("tx")])
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return { rx: Number(row?.rx ?? 0), tx: Number(row?.tx ?? 0) };
}

/** The account's running sessions, with its currently stored bandwidth. */
export function runningWithBandwidth(
  db: Db,
  accountId: string,
): Promise<{ id: string; instanceId: string; bandwidth: number }[]> {
  return query(db)
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account_id")
    .select(["session.id", "session.instance_id as instanceId", "account.bandwidth"])
    .where("session.account_id", "=", accountId)
    .where("session.ended_at", "is", null)
    .execute();
}

export async function deleteSecondFactor(tx: Tx, accountId: string): Promise<void> {
  await query(tx).deleteFrom("second_factor").where("account_id", "=", accountId).execute();
}

export async function copySecondFactor(tx: Tx, from: string, to: string): Promise<void> {
  const row = await query(tx)
    .selectFrom("second_factor")
    .select(shapes.secondFactor.columns)
    .where("account_id", "=", from)
    .executeTakeFirst();
  if (row) {
    await query(tx)
      .insertInto("second_factor")
      .values(shapes.secondFactor.row({ ...row, accountId: to }))
      .execute();
  }
}
