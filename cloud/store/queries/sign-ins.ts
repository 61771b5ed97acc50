import { sql } from "kysely";
import { typedName } from "../../../common/user-name.ts";
import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import { nameKey } from "../names.ts";
import * as shapes from "../shapes.ts";

/** A sign-in with values of its account and instance. */
export interface SignInState {
  id: string;
  accountId: string;
  instanceId: string;
  userName: string;
  mail: string;
  displayName: string;
  deviceId: string;
  deviceName: string;
  generation: number;
  tokenHash: string;
  formerHash: string | null;
  /** Epoch ms. */
  rotatedAt: number;
  formerReused: boolean;
  /** Epoch ms. */
  expiresAt: number;
  ended: boolean;
  /** Why it ended: a code of domain/sessions/reasons.ts; null = no reason given. */
  endedReason: string | null;
  disabled: boolean;
  /** Epoch ms; null = never banned. */
  bannedUntil: number | null;
  banReason: string;
  mustChange: boolean;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address; null = dynamic. */
  clientIp: string | null;
  /** Home instance of a roaming account; null = not roaming. */
  roamedFrom: string | null;
  /** Its own ACL; null = none. */
  aclId: string | null;
  instanceLocked: boolean;
  /** Epoch ms; null = no term. */
  instanceEnd: number | null;
}

export async function findSignIn(db: Db, id: string): Promise<SignInState | undefined> {
  const row = await query(db)
    .selectFrom("sign_in")
    .innerJoin("account", "account.id", "sign_in.account_id")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "sign_in.account_id").onRef("device.id", "=", "sign_in.device_id"),
    )
    .select([
      "sign_in.id",
      "sign_in.account_id",
      "sign_in.device_id",
      "sign_in.generation",
      "sign_in.token_hash",
      "sign_in.former_hash",
      "sign_in.rotated_at",
      "sign_in.former_reused",
      "sign_in.expires_at",
      "sign_in.ended_at",
      "sign_in.ended_reason",
      "account.instance_id",
      "account.user_name",
      "account.mail",
      "account.disabled",
      "account.banned_until",
      "account.ban_reason",
      "account.must_change",
      "account.bandwidth",
      "account.client_ip",
      "account.roamed_from",
      "account.acl_id",
      "instance.locked",
      "instance.end_time",
      "instance.name as display_name",
      "device.name as device_name",
    ])
    .where("sign_in.id", "=", id)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    id: row.id,
    accountId: row.account_id,
    instanceId: row.instance_id,
    userName: row.user_name,
    mail: row.mail,
    displayName: row.display_name,
    deviceId: row.device_id,
    deviceName: row.device_name ?? "",
    generation: row.generation,
    tokenHash: row.token_hash,
    formerHash: row.former_hash,
    rotatedAt: row.rotated_at,
    formerReused: row.former_reused === 1,
    expiresAt: row.expires_at,
    ended: row.ended_at !== null,
    endedReason: row.ended_reason,
    disabled: row.disabled === 1,
    bannedUntil: row.banned_until,
    banReason: row.ban_reason,
    mustChange: row.must_change === 1,
    bandwidth: row.bandwidth,
    clientIp: row.client_ip,
    roamedFrom: row.roamed_from,
    aclId: row.acl_id,
    instanceLocked: row.locked === 1,
    instanceEnd: row.end_time,
  };
}

/** Adds a sign-in. The device's former sign-in to this account must have been ended. */
export async function insertSignIn(
  tx: Tx,
  row: { id: string; accountId: string; deviceId: string; tokenHash: string; createdAt: number; expiresAt: number },
): Promise<void> {
  await query(tx)
    .insertInto("sign_in")
    .values({
      id: row.id,
      account_id: row.accountId,
      device_id: row.deviceId,
      token_hash: row.tokenHash,
      created_at: row.createdAt,
      expires_at: row.expiresAt,
      generation: 1,
      former_hash: null,
      rotated_at: row.createdAt,
      former_reused: 0,
      ended_at: null,
    })
    .execute();
}

/**
 * Stores the next refresh token; false = `from` is no longer the current one. Only one of several concurrent calls with one token
 * returns true.
 */
export async function rotateSignIn(
  tx: Tx,
  id: string,
  from: string,
  next: { tokenHash: string; generation: number; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("sign_in")
    .set({
      generation: next.generation,
      token_hash: next.tokenHash,
      former_hash: from,
      former_reused: 0,
      rotated_at: next.at,
    })
    .where("id", "=", id)
    .where("token_hash", "=", from)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Marks the former token as accepted a second time; false = it already was. */
export async function reuseFormer(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("sign_in")
    .set({ former_reused: 1 })
    .where("id", "=", id)
    .where("former_reused", "=", 0)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Selects one sign-in, or those of an account: all, on one device, or on all other devices. */
export type SignInsOf = { id: string } | { accountId: string; deviceId?: string; exceptDevice?: string };

/** Ends sign-ins; returns the ids of those that were not ended before. `reason` is a code, null = none. */
export async function endSignIns(tx: Tx, of: SignInsOf, at: number, reason: string | null): Promise<string[]> {
  let ending = query(tx)
    .updateTable("sign_in")
    .set({ ended_at: at, ended_reason: reason })
    .where("ended_at", "is", null);
  if ("id" in of) ending = ending.where("id", "=", of.id);
  else {
    ending = ending.where("account_id", "=", of.accountId);
    if (of.deviceId !== undefined) ending = ending.where("device_id", "=", of.deviceId);
    if (of.exceptDevice !== undefined) ending = ending.where("device_id", "!=", of.exceptDevice);
  }
  return (await ending.returning("id").execute()).map((row) => row.id);
}

/** Ids of devices that are signed in to the account. */
export async function signedInDevices(db: Db, accountId: string, now: number): Promise<Set<string>> {
  const rows = await query(db)
    .selectFrom("sign_in")
    .select("device_id")
    .where("account_id", "=", accountId)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .execute();
  return new Set(rows.map((row) => row.device_id));
}

/** An account with the settings of its instance that matter for signing in. */
export interface AccountOfCode extends shapes.Account {
  signInSeconds: number;
  locked: number;
  endTime: number | null;
  secondFactorRequired: number;
  instanceName: string;
}

const instanceColumns = [
  "instance.sign_in_seconds as signInSeconds",
  "instance.locked",
  "instance.end_time as endTime",
  "instance.second_factor_required as secondFactorRequired",
  "instance.name as instanceName",
] as const;

/**
 * The account with this name under an enterprise code (upper case), ignoring case and surrounding blanks. If older data has names that
 * differ only in case, prefers the exact match.
 */
export async function accountUnderCode(db: Db, code: string, userName: string): Promise<AccountOfCode | undefined> {
  return query(db)
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select(shapes.account.columns)
    .select(instanceColumns)
    .where("instance.enterprise_code", "=", code)
    .where((e) =>
      e.or([e("account.user_name", "=", typedName(userName)), e("account.name_key", "=", nameKey(userName))]),
    )
    .orderBy(sql`account.user_name <> ${typedName(userName)}`)
    .executeTakeFirst();
}

/** Like `accountUnderCode`, by account id. */
export async function accountToSignIn(db: Db, id: string): Promise<AccountOfCode | undefined> {
  return query(db)
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select(shapes.account.columns)
    .select(instanceColumns)
    .where("account.id", "=", id)
    .executeTakeFirst();
}

export async function setPassword(
  tx: Tx,
  accountId: string,
  password: Pick<shapes.Account, "passwordHash" | "mustChange">,
): Promise<void> {
  await query(tx).updateTable("account").set(shapes.account.row(password)).where("id", "=", accountId).execute();
}
