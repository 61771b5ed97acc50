import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";
import * as shapes from "../shapes.ts";

export function instanceById(db: Db, id: string): Promise<shapes.Instance | undefined> {
  return query(db).selectFrom("instance").select(shapes.instance.columns).where("id", "=", id).executeTakeFirst();
}

/**
 * At most `most` instances with this id or name (undefined = any), ordered by name. `tenantId` undefined = of all product accounts.
 */
export function instancesNamed(
  db: Db,
  tenantId: string | undefined,
  wanted: string | undefined,
  most: number,
): Promise<shapes.Instance[]> {
  let rows = query(db).selectFrom("instance").select(shapes.instance.columns);
  if (tenantId !== undefined) rows = rows.where("tenant_id", "=", tenantId);
  if (wanted !== undefined) rows = rows.where((e) => e.or([e("id", "=", wanted), e("name", "=", wanted)]));
  return rows.orderBy("name").limit(most).execute();
}

/** Address blocks of an instance, in order. */
export async function cidrsOfInstance(db: Db, instanceId: string): Promise<string[]> {
  const rows = query(db).selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instanceId);
  return (await rows.orderBy("position").execute()).map((row) => row.cidr);
}

/** Ordered by creation. `tenantId` undefined = of all product accounts. */
export function allInstances(db: Db, tenantId: string | undefined): Promise<shapes.Instance[]> {
  const rows = query(db).selectFrom("instance").select(shapes.instance.columns).orderBy("created_at").orderBy("id");
  return (tenantId === undefined ? rows : rows.where("tenant_id", "=", tenantId)).execute();
}

/** What has to be said of a new instance; the rest is as the schema says. */
type NewInstance = Partial<shapes.Instance> &
  Pick<shapes.Instance, "id" | "tenantId" | "name" | "enterpriseCode" | "ccnId" | "createdAt" | PolicyName>;
type PolicyName = "fullTunnel" | "lockdown" | "leaseSeconds" | "signInSeconds" | "devicesPerAccount";

export async function insertInstance(tx: Tx, row: NewInstance): Promise<shapes.Instance> {
  return query(tx)
    .insertInto("instance")
    .values(shapes.instance.row(row))
    .returning(shapes.instance.columns)
    .executeTakeFirstOrThrow();
}

export async function updateInstance(tx: Tx, id: string, set: Partial<shapes.Instance>): Promise<void> {
  await query(tx).updateTable("instance").set(shapes.instance.row(set)).where("id", "=", id).execute();
}

/** Deletes an instance and everything that belongs only to it. */
export async function deleteInstance(tx: Tx, id: string): Promise<void> {
  const own = query(tx).selectFrom("cloud_network").select("id").where("instance_id", "=", id);
  await query(tx).deleteFrom("cen_child").where("child_id", "in", own).execute();
  await query(tx).deleteFrom("instance").where("id", "=", id).execute();
}

/** Instances with a term. */
export async function instancesThatEnd(db: Db): Promise<{ id: string; end: number }[]> {
  const rows = query(db).selectFrom("instance").select(["id", "end_time"]).where("end_time", "is not", null);
  return (await rows.execute()).flatMap(({ id, end_time }) => (end_time === null ? [] : [{ id, end: end_time }]));
}

export async function replaceCidrs(tx: Tx, instanceId: string, cidrs: readonly string[]): Promise<void> {
  await query(tx).deleteFrom("instance_cidr").where("instance_id", "=", instanceId).execute();
  if (cidrs.length === 0) return;
  const rows = cidrs.map((cidr, position) => ({ instance_id: instanceId, cidr, position }));
  await query(tx).insertInto("instance_cidr").values(rows).execute();
}

/** Address blocks of the other instances that the CCN serves or that are bound to it. */
export function neighbourCidrs(
  db: Db,
  ccnId: string,
  exceptInstance: string,
): Promise<{ id: string; name: string; tenantId: string; cidr: string }[]> {
  return query(db)
    .selectFrom("instance")
    .innerJoin("instance_cidr", "instance_cidr.instance_id", "instance.id")
    .select(["instance.id", "instance.name", "instance.tenant_id as tenantId", "instance_cidr.cidr"])
    .where((e) => e.or([e("instance.ccn_id", "=", ccnId), e("instance.bound_ccn_id", "=", ccnId)]))
    .where("instance.id", "!=", exceptInstance)
    .execute();
}

/** Accounts of an instance with a fixed address. */
export async function fixedAddresses(db: Db, instanceId: string): Promise<{ user: string; address: string }[]> {
  const rows = query(db)
    .selectFrom("account")
    .select(["user_name", "client_ip"])
    .where("instance_id", "=", instanceId)
    .where("client_ip", "is not", null);
  return (await rows.execute()).flatMap(({ user_name, client_ip }) =>
    client_ip === null ? [] : [{ user: user_name, address: client_ip }],
  );
}

/** Running sessions of an instance with their address. */
export function sessionAddresses(db: Db, instanceId: string): Promise<{ id: string; clientIp: string }[]> {
  return query(db)
    .selectFrom("session")
    .select(["id", "client_ip as clientIp"])
    .where("instance_id", "=", instanceId)
    .where("ended_at", "is", null)
    .execute();
}
