import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export async function findAcl(db: Db, id: string): Promise<shapes.Acl | undefined> {
  return query(db).selectFrom("acl").select(shapes.acl.columns).where("id", "=", id).executeTakeFirst();
}

export async function insertAcl(tx: Tx, row: shapes.Acl): Promise<void> {
  await query(tx).insertInto("acl").values(shapes.acl.row(row)).execute();
}

export async function renameAcl(tx: Tx, id: string, name: string): Promise<void> {
  await query(tx).updateTable("acl").set({ name }).where("id", "=", id).execute();
}

/** Deletes an ACL with its rules. */
export async function deleteAcl(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("acl").where("id", "=", id).execute();
}

export async function countRules(db: Db, aclId: string): Promise<number> {
  const { count } = await query(db)
    .selectFrom("acl_rule")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("acl_id", "=", aclId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findRule(db: Db, aclId: string, id: string): Promise<shapes.AclRule | undefined> {
  return query(db)
    .selectFrom("acl_rule")
    .select(shapes.aclRule.columns)
    .where("id", "=", id)
    .where("acl_id", "=", aclId)
    .executeTakeFirst();
}

export async function insertRule(tx: Tx, row: shapes.AclRule): Promise<void> {
  await query(tx).insertInto("acl_rule").values(shapes.aclRule.row(row)).execute();
}

export async function updateRule(tx: Tx, row: shapes.AclRule): Promise<void> {
  await query(tx).updateTable("acl_rule").set(shapes.aclRule.row(row)).where("id", "=", row.id).execute();
}

export async function deleteRule(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("acl_rule").where("id", "=", id).execute();
}

/** The effective rules of an instance, in the order in which they apply. */
export async function rulesOfInstance(db: Db, instanceId: string): Promise<shapes.AclRule[]> {
  return query(db)
    .selectFrom("acl_instance")
    .innerJoin("acl_rule", "acl_rule.acl_id", "acl_instance.acl_id")
    .select(shapes.aclRule.columns)
    .where("acl_instance.instance_id", "=", instanceId)
    .orderBy("acl_rule.priority")
    .orderBy("acl_rule.created_at")
    .orderBy("acl_rule.id")
    .execute();
}

/** The rules of an ACL, in the order in which they apply. */
export async function rulesOfAcl(db: Db, aclId: string): Promise<shapes.AclRule[]> {
  return query(db)
    .selectFrom("acl_rule")
    .select(shapes.aclRule.columns)
    .where("acl_id", "=", aclId)
    .orderBy("priority")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** Name of any account that has this ACL. */
export async function accountWithAcl(db: Db, aclId: string): Promise<string | undefined> {
  const row = await query(db).selectFrom("account").select("user_name").where("acl_id", "=", aclId).executeTakeFirst();
  return row?.user_name;
}

/** Gives an account an ACL; null = none. */
export async function setAclOfAccount(tx: Tx, accountId: string, aclId: string | null): Promise<void> {
  await query(tx).updateTable("account").set({ acl_id: aclId }).where("id", "=", accountId).execute();
}

/** Id of any instance that uses this ACL. */
export async function instanceWithAcl(db: Db, aclId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("acl_instance")
    .select("instance_id")
    .where("acl_id", "=", aclId)
    .executeTakeFirst();
  return row?.instance_id;
}

/** Gives an instance an ACL unless it has one; returns the one it then has. */
export async function associateAcl(
  tx: Tx,
  instanceId: string,
  aclId: string,
): Promise<{ aclId: string; added: boolean }> {
  const added = await query(tx)
    .insertInto("acl_instance")
    .values({ instance_id: instanceId, acl_id: aclId })
    .onConflict((conflict) => conflict.column("instance_id").doNothing())
    .executeTakeFirst();
  const { acl_id } = await query(tx)
    .selectFrom("acl_instance")
    .select("acl_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirstOrThrow();
  return { aclId: acl_id, added: added.numInsertedOrUpdatedRows === 1n };
}

/** False = it was not associated. */
export async function disassociateAcl(tx: Tx, instanceId: string, aclId: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("acl_instance")
    .where("instance_id", "=", instanceId)
    .where("acl_id", "=", aclId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
