import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

/** What an access point reports about itself; `endpoints` is JSON. */
export type Description = Pick<shapes.AccessPoint, "name" | "publicKey" | "endpoints" | "mode" | "region">;

export async function allAccessPoints(db: Db): Promise<shapes.AccessPoint[]> {
  return query(db).selectFrom("access_point").select(shapes.accessPoint.columns).execute();
}

/** Id of the access point with this identity. */
export async function accessPointByIdentity(db: Db, identityHash: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("access_point")
    .select("id")
    .where("identity_hash", "=", identityHash)
    .executeTakeFirst();
  return row?.id;
}

/** Id of an access point in a CCN of this product account, by id or name. */
export async function findAccessPointOf(db: Db, tenantId: string, idOrName: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("access_point")
    .innerJoin("ccn", "ccn.id", "access_point.ccn_id")
    .select("access_point.id")
    .where("ccn.tenant_id", "=", tenantId)
    .where((e) => e.or([e("access_point.id", "=", idOrName), e("access_point.name", "=", idOrName)]))
    .executeTakeFirst();
  return row?.id;
}

/** The access point that registered with this token and key and has not used its identity yet. */
export async function registeredWith(
  db: Db,
  tokenHash: string,
  publicKey: Uint8Array,
): Promise<shapes.AccessPoint | undefined> {
  return query(db)
    .selectFrom("access_point")
    .select(shapes.accessPoint.columns)
    .where("registered_with", "=", tokenHash)
    .where("public_key", "=", publicKey)
    .executeTakeFirst();
}

/** One more than the highest number in use. A unique index makes one of two concurrent transactions fail. */
export async function nextNumber(db: Db): Promise<number> {
  const highest = await query(db)
    .selectFrom("access_point")
    .select((e) => e.fn.max("number").as("number"))
    .executeTakeFirst();
  return Number(highest?.number ?? 0) + 1;
}

export async function insertAccessPoint(tx: Tx, row: shapes.AccessPoint): Promise<void> {
  await query(tx).insertInto("access_point").values(shapes.accessPoint.row(row)).execute();
}

/** Updates an access point that registers again before it has used its identity. */
export async function registerAgain(tx: Tx, id: string, values: Description & { identityHash: string }): Promise<void> {
  await query(tx).updateTable("access_point").set(shapes.accessPoint.row(values)).where("id", "=", id).execute();
}

/** Stores what an access point reports after authenticating with its identity. `at` is epoch ms. */
export async function describeAccessPoint(db: Db, id: string, values: Description, at: number): Promise<void> {
  await query(db)
    .updateTable("access_point")
    .set({ ...shapes.accessPoint.row(values), online: 1, last_seen_at: at, registered_with: null })
    .where("id", "=", id)
    .execute();
}

/** Records that it was seen at `at` (epoch ms). */
export async function touchAccessPoint(tx: Tx, id: string, at: number): Promise<void> {
  await query(tx).updateTable("access_point").set({ online: 1, last_seen_at: at }).where("id", "=", id).execute();
}

export async function setAccessPointOffline(db: Db, id: string): Promise<void> {
  await query(db).updateTable("access_point").set({ online: 0 }).where("id", "=", id).execute();
}

export async function deleteAccessPoint(tx: Tx, id: string): Promise<void> {
  await query(tx).deleteFrom("access_point").where("id", "=", id).execute();
}

export async function findToken(db: Db, tokenHash: string): Promise<shapes.AccessPointToken | undefined> {
  return query(db)
    .selectFrom("access_point_token")
    .select(shapes.accessPointToken.columns)
    .where("token_hash", "=", tokenHash)
    .executeTakeFirst();
}

/** Ordered by creation. */
export async function allTokens(db: Db): Promise<shapes.AccessPointToken[]> {
  return query(db)
    .selectFrom("access_point_token")
    .select(shapes.accessPointToken.columns)
    .orderBy("created_at")
    .execute();
}

export async function insertToken(tx: Tx, row: shapes.AccessPointToken): Promise<void> {
  await query(tx).insertInto("access_point_token").values(shapes.accessPointToken.row(row)).execute();
}

/** Uses the token once; false = it is used up. Concurrent calls cannot exceed the number of uses. */
export async function takeUse(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await query(tx)
    .updateTable("access_point_token")
    .set((e) => ({ uses_left: e("uses_left", "-", 1) }))
    .where("id", "=", id)
    .where("uses_left", ">", 0)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** False = no such token. */
export async function deleteToken(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await query(tx).deleteFrom("access_point_token").where("id", "=", id).executeTakeFirst();
  return numDeletedRows === 1n;
}
