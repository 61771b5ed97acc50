import type { Db, Tx } from "../db.ts";
import { query, type Row } from "../kysely.ts";

export type KeyRole = "administrator" | "read-only" | "accounts-only";

/** A key for signing requests of the admin API. */
export interface AccessKey {
  id: string;
  tenantId: string;
  role: KeyRole;
  active: boolean;
  /** Epoch ms. */
  createdAt: number;
}

const keyOf = (row: Row<"access_key">): AccessKey => ({
  id: row.id,
  tenantId: row.tenant_id,
  role: row.role as KeyRole,
  active: row.active === 1,
  createdAt: row.created_at,
});

/** `secret` is stored in keys.db, which is not backed up. */
export async function insertAccessKey(tx: Tx, key: AccessKey, secret: string): Promise<void> {
  const row = {
    id: key.id,
    tenant_id: key.tenantId,
    role: key.role,
    active: Number(key.active),
    created_at: key.createdAt,
  };
  await query(tx).insertInto("access_key").values(row).execute();
  await query(tx).insertInto("keys.access_key_secret").values({ access_key_id: key.id, value: secret }).execute();
}

/** Ordered by creation. */
export async function accessKeysOf(db: Db, tenantId: string): Promise<AccessKey[]> {
  const rows = query(db).selectFrom("access_key").selectAll().where("tenant_id", "=", tenantId);
  return (await rows.orderBy("created_at").orderBy("id").execute()).map(keyOf);
}

export async function findAccessKey(db: Db, id: string): Promise<AccessKey | undefined> {
  const row = await query(db).selectFrom("access_key").selectAll().where("id", "=", id).executeTakeFirst();
  return row && keyOf(row);
}

/** undefined = no such key, or its secret was lost. */
export async function findKeySecret(db: Db, id: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("keys.access_key_secret")
    .select("value")
    .where("access_key_id", "=", id)
    .executeTakeFirst();
  return row?.value;
}

export async function setAccessKeyActive(tx: Tx, id: string, active: boolean): Promise<void> {
  await query(tx)
    .updateTable("access_key")
    .set({ active: Number(active) })
    .where("id", "=", id)
    .execute();
}

export async function deleteAccessKey(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("keys.access_key_secret").where("access_key_id", "=", id).execute();
  await query(tx).deleteFrom("access_key").where("id", "=", id).execute();
}
