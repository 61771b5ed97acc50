import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** Adds a device, or updates its description. */
export async function putDevice(tx: Tx, row: shapes.Device): Promise<void> {
  const { name, platform, lastSeenAt } = row;
  await query(tx)
    .insertInto("device")
    .values(shapes.device.row(row))
    .onConflict((conflict) =>
      conflict.columns(["account_id", "id"]).doUpdateSet({ name, platform, last_seen_at: lastSeenAt }),
    )
    .execute();
}

/** Whether the device has signed in to the account before. */
export async function isKnownDevice(db: Db, accountId: string, id: string): Promise<boolean> {
  const row = await query(db)
    .selectFrom("device")
    .select("id")
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row !== undefined;
}

/** Most recently seen first. */
export async function devicesOf(db: Db, accountId: string, limit: number): Promise<shapes.Device[]> {
  return query(db)
    .selectFrom("device")
    .select(shapes.device.columns)
    .where("account_id", "=", accountId)
    .orderBy("last_seen_at", "desc")
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** Ids of an account's devices beyond the `kept` most recently seen, at most 1,000. */
export async function surplusDevices(db: Db, accountId: string, kept: number): Promise<string[]> {
  const rows = await query(db)
    .selectFrom("device")
    .select("id")
    .where("account_id", "=", accountId)
    .orderBy("last_seen_at", "desc")
    .limit(1_000)
    .offset(kept)
    .execute();
  return rows.map((row) => row.id);
}

/** `at` is epoch ms. */
export async function touchDevice(tx: Tx, accountId: string, id: string, at: number): Promise<void> {
  await query(tx)
    .updateTable("device")
    .set({ last_seen_at: at })
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .execute();
}

/** False = no such device. */
export async function deleteDevice(tx: Tx, accountId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx)
    .deleteFrom("device")
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}
