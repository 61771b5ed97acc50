import type { Db, Store, Tx } from "../db.ts";
import { query } from "../kysely.ts";

export async function findSetting(db: Db, name: string): Promise<string | undefined> {
  const row = await query(db).selectFrom("setting").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}

export async function putSetting(db: Db, name: string, value: string): Promise<void> {
  await query(db)
    .insertInto("setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

export async function deleteSetting(db: Db, name: string): Promise<void> {
  await query(db).deleteFrom("setting").where("name", "=", name).execute();
}

/** Adds a setting unless it exists; returns the effective value. */
export async function addSetting(store: Store, name: string, value: string): Promise<string> {
  await query(store)
    .insertInto("setting")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await findSetting(store, name)) ?? value;
}

/** A secret of this server in keys.db; backups contain only the one for tokens. */
export async function findSecret(db: Db, name: string): Promise<Uint8Array | undefined> {
  const row = await query(db)
    .selectFrom("keys.server_secret")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value;
}

export async function putSecret(tx: Tx, name: string, value: Uint8Array): Promise<void> {
  await query(tx)
    .insertInto("keys.server_secret")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

/** Adds a secret unless it exists; returns the effective one. */
export async function addSecret(store: Store, name: string, value: Uint8Array): Promise<Uint8Array> {
  await query(store)
    .insertInto("keys.server_secret")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await findSecret(store, name)) ?? value;
}
