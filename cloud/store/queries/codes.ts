import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** `code` is in upper case, here and below. */
export async function findCode(db: Db, code: string): Promise<shapes.EnterpriseCode | undefined> {
  return query(db)
    .selectFrom("enterprise_code")
    .select(shapes.enterpriseCode.columns)
    .where("code", "=", code)
    .executeTakeFirst();
}

export async function findDefaultCode(db: Db, tenantId: string): Promise<shapes.EnterpriseCode | undefined> {
  return query(db)
    .selectFrom("enterprise_code")
    .select(shapes.enterpriseCode.columns)
    .where("tenant_id", "=", tenantId)
    .where("is_default", "=", 1)
    .executeTakeFirst();
}

/** False = the code is taken; codes are unique across all product accounts. */
export async function insertCode(tx: Tx, row: shapes.EnterpriseCode): Promise<boolean> {
  const added = await query(tx)
    .insertInto("enterprise_code")
    .values(shapes.enterpriseCode.row(row))
    .onConflict((conflict) => conflict.column("code").doNothing())
    .executeTakeFirst();
  return added.numInsertedOrUpdatedRows === 1n;
}

/** Makes a code the account's default instead of the former one. */
export async function setDefaultCode(tx: Tx, tenantId: string, code: string): Promise<void> {
  const own = query(tx).updateTable("enterprise_code").where("tenant_id", "=", tenantId);
  await own.set({ is_default: 0 }).where("is_default", "=", 1).execute();
  await own.set({ is_default: 1 }).where("code", "=", code).execute();
}

export async function deleteCode(tx: Tx, code: string): Promise<void> {
  await query(tx).deleteFrom("enterprise_code").where("code", "=", code).execute();
}

/** Id of any instance with this code. */
export async function instanceWithCode(db: Db, code: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("instance")
    .select("id")
    .where("enterprise_code", "=", code)
    .executeTakeFirst();
  return row?.id;
}

/** Instances of a code, oldest first. */
export async function instancesWithCode(db: Db, code: string): Promise<{ id: string; name: string }[]> {
  return query(db)
    .selectFrom("instance")
    .select(["id", "name"])
    .where("enterprise_code", "=", code)
    .orderBy("created_at")
    .execute();
}

/** A user name of the instance that also exists in another instance of `code`. */
export async function namesakeUnderCode(db: Db, instanceId: string, code: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("account as ours")
    .innerJoin("account as theirs", "theirs.name_key", "ours.name_key")
    .innerJoin("instance", "instance.id", "theirs.instance_id")
    .select("ours.user_name")
    .where("ours.instance_id", "=", instanceId)
    .where("instance.enterprise_code", "=", code)
    .where("instance.id", "!=", instanceId)
    .executeTakeFirst();
  return row?.user_name;
}

export async function setInstanceCode(tx: Tx, instanceId: string, code: string): Promise<void> {
  await query(tx).updateTable("instance").set({ enterprise_code: code }).where("id", "=", instanceId).execute();
}
