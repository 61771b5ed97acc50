import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export async function findCcn(db: Db, id: string): Promise<shapes.Ccn | undefined> {
  return query(db).selectFrom("ccn").select(shapes.ccn.columns).where("id", "=", id).executeTakeFirst();
}

/** A CCN of the product account with this name. */
export async function findCcnByName(db: Db, tenantId: string, name: string): Promise<shapes.Ccn | undefined> {
  return query(db)
    .selectFrom("ccn")
    .select(shapes.ccn.columns)
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** The account's default CCN, which always exists and serves instances that no other CCN serves. */
export async function defaultCcn(db: Db, tenantId: string): Promise<string> {
  const row = await query(db)
    .selectFrom("ccn")
    .select("id")
    .where("tenant_id", "=", tenantId)
    .where("is_default", "=", 1)
    .executeTakeFirstOrThrow();
  return row.id;
}

export async function insertCcn(
  tx: Tx,
  row: Pick<shapes.Ccn, "id" | "tenantId" | "name" | "isDefault" | "createdAt"> & Partial<shapes.Ccn>,
): Promise<void> {
  await query(tx).insertInto("ccn").values(shapes.ccn.row(row)).execute();
}

export async function updateCcn(
  tx: Tx,
  id: string,
  values: Pick<shapes.Ccn, "name" | "description" | "cidrBlock" | "interworking">,
): Promise<void> {
  await query(tx).updateTable("ccn").set(shapes.ccn.row(values)).where("id", "=", id).execute();
}

/** Deletes a CCN with its tags and registration tokens. Instances that it served are then served by `home`. */
export async function deleteCcn(tx: Tx, id: string, home: string): Promise<void> {
  await query(tx).updateTable("instance").set({ ccn_id: home }).where("ccn_id", "=", id).execute();
  await query(tx).deleteFrom("access_point_token").where("ccn_id", "=", id).execute();
  await query(tx).deleteFrom("tag").where("object_id", "=", id).execute();
  await query(tx).deleteFrom("ccn").where("id", "=", id).execute();
}

/** What still uses a CCN. */
export async function usesOfCcn(
  db: Db,
  id: string,
): Promise<{ instances: boolean; cen: boolean; accessPoints: boolean }> {
  const instance = await query(db)
    .selectFrom("instance")
    .select("id")
    .where("bound_ccn_id", "=", id)
    .executeTakeFirst();
  const child = await query(db).selectFrom("cen_child").select("cen_id").where("child_id", "=", id).executeTakeFirst();
  return {
    instances: instance !== undefined,
    cen: child !== undefined,
    accessPoints: await hasAccessPoints(db, id),
  };
}

export async function hasAccessPoints(db: Db, ccnId: string): Promise<boolean> {
  const row = await query(db).selectFrom("access_point").select("id").where("ccn_id", "=", ccnId).executeTakeFirst();
  return row !== undefined;
}

/** An instance with the CCN it is bound to and the one that serves it. */
export interface Binding {
  id: string;
  tenantId: string;
  region: string;
  ccnId: string;
  boundCcnId: string | null;
}

const binding = ["id", "tenant_id as tenantId", "region", "ccn_id as ccnId", "bound_ccn_id as boundCcnId"] as const;

export async function bindingOf(db: Db, instanceId: string): Promise<Binding | undefined> {
  return query(db).selectFrom("instance").select(binding).where("id", "=", instanceId).executeTakeFirst();
}

export async function instancesBoundTo(db: Db, ccnId: string): Promise<Binding[]> {
  return query(db).selectFrom("instance").select(binding).where("bound_ccn_id", "=", ccnId).execute();
}

/** Ids of instances that this CCN's access points serve. */
export async function instancesServedBy(db: Db, ccnId: string): Promise<string[]> {
  const rows = await query(db).selectFrom("instance").select("id").where("ccn_id", "=", ccnId).execute();
  return rows.map((row) => row.id);
}

/** Changes the binding and the serving CCN; undefined = unchanged. */
export async function bind(
  tx: Tx,
  instanceId: string,
  { bound, serving }: { bound?: string | null; serving?: string },
): Promise<void> {
  await query(tx)
    .updateTable("instance")
    .set({
      ...(bound === undefined ? {} : { bound_ccn_id: bound }),
      ...(serving === undefined ? {} : { ccn_id: serving }),
    })
    .where("id", "=", instanceId)
    .execute();
}

export async function ccnsOfTenant(db: Db, tenantId: string): Promise<string[]> {
  const rows = await query(db).selectFrom("ccn").select("id").where("tenant_id", "=", tenantId).execute();
  return rows.map((row) => row.id);
}
