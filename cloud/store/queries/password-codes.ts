import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import { nameKey } from "../names.ts";
import * as shapes from "../shapes.ts";

/** Owner of a code. A code is valid only on the device that requested it. `code` is the enterprise code. */
export interface CodeOwner {
  code: string;
  userName: string;
  deviceId: string;
}

const keyOf = ({ code, userName }: Pick<CodeOwner, "code" | "userName">) => ({
  enterprise_code: code.toUpperCase(),
  user_name: nameKey(userName),
});

/** Valid codes for this user name, of all devices. */
export async function passwordCodes(
  db: Db,
  owner: CodeOwner,
  now: number,
): Promise<{ deviceId: string; madeAt: number }[]> {
  const { enterprise_code, user_name } = keyOf(owner);
  return query(db)
    .selectFrom("password_code")
    .select(["device_id as deviceId", "made_at as madeAt"])
    .where("enterprise_code", "=", enterprise_code)
    .where("user_name", "=", user_name)
    .where("expires_at", ">", now)
    .execute();
}

/** Replaces the device's former code. */
export async function putPasswordCode(
  tx: Tx,
  owner: CodeOwner,
  values: Pick<shapes.PasswordCode, "codeHash" | "triesLeft" | "madeAt" | "expiresAt">,
): Promise<void> {
  const row = shapes.passwordCode.row(values);
  await query(tx)
    .insertInto("password_code")
    .values({ ...keyOf(owner), device_id: owner.deviceId, ...row })
    .onConflict((conflict) => conflict.columns(["enterprise_code", "user_name", "device_id"]).doUpdateSet(row))
    .execute();
}

/** Uses one try and returns the code's hash; undefined = no code, or no tries left. */
export async function takeTry(db: Db, owner: CodeOwner, now: number): Promise<string | undefined> {
  const { enterprise_code, user_name } = keyOf(owner);
  const row = await query(db)
    .updateTable("password_code")
    .set((e) => ({ tries_left: e("tries_left", "-", 1) }))
    .where("enterprise_code", "=", enterprise_code)
    .where("user_name", "=", user_name)
    .where("device_id", "=", owner.deviceId)
    .where("tries_left", ">", 0)
    .where("expires_at", ">", now)
    .returning("code_hash")
    .executeTakeFirst();
  return row?.code_hash;
}

/** Deletes the codes of all devices; returns their hashes. */
export async function deletePasswordCodes(tx: Tx, of: Pick<CodeOwner, "code" | "userName">): Promise<string[]> {
  const { enterprise_code, user_name } = keyOf(of);
  const rows = await query(tx)
    .deleteFrom("password_code")
    .where("enterprise_code", "=", enterprise_code)
    .where("user_name", "=", user_name)
    .returning("code_hash")
    .execute();
  return rows.map((row) => row.code_hash);
}

/** Like `deletePasswordCodes`, by account id. */
export async function deletePasswordCodesOf(tx: Tx, accountId: string): Promise<void> {
  const account = await query(tx)
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select(["account.user_name", "instance.enterprise_code"])
    .where("account.id", "=", accountId)
    .executeTakeFirst();
  if (account) await deletePasswordCodes(tx, { code: account.enterprise_code, userName: account.user_name });
}

export async function deleteExpiredPasswordCodes(db: Db, now: number): Promise<void> {
  await query(db).deleteFrom("password_code").where("expires_at", "<=", now).execute();
}
