import type { Db } from "../db.ts";
import { query } from "../kysely.ts";

/** The columns of an instance from which its chain is loaded. */
export interface ChainStart {
  id: string;
  name: string;
  region: string;
  tenantId: string;
  ccnId: string;
  boundCcnId: string | null;
}

export async function chainStart(db: Db, instanceId: string): Promise<ChainStart | undefined> {
  return query(db)
    .selectFrom("instance")
    .select(["id", "name", "region", "tenant_id as tenantId", "ccn_id as ccnId", "bound_ccn_id as boundCcnId"])
    .where("id", "=", instanceId)
    .executeTakeFirst();
}

/** A cloud network that may be part of a chain. */
export interface ReachedNetwork {
  id: string;
  name: string;
  region: string;
  instanceId: string | null;
  /** The CEN it is attached to; null = none. */
  cenId: string | null;
  cidrs: string[];
  /** Ids of access points that reach it; none = all. */
  accessPoints: string[];
}

/** Networks attached to the CEN, the owner's networks that are not attached to any CEN, and the instance's own. */
export async function networksInReach(
  db: Db,
  instance: { id: string; tenantId: string },
  cenId: string | null,
): Promise<ReachedNetwork[]> {
  const rows = await query(db)
    .selectFrom("cloud_network")
    .leftJoin("cen_child", "cen_child.child_id", "cloud_network.id")
    .select([
      "cloud_network.id",
      "cloud_network.name",
      "cloud_network.region",
      "cloud_network.instance_id",
      "cen_child.cen_id",
    ])
    .where((e) =>
      e.or([
        e("cloud_network.instance_id", "=", instance.id),
        e.and([
          e("cloud_network.instance_id", "is", null),
          e.or([
            ...(cenId === null ? [] : [e("cen_child.cen_id", "=", cenId)]),
            e.and([e("cloud_network.tenant_id", "=", instance.tenantId), e("cen_child.cen_id", "is", null)]),
          ]),
        ]),
      ]),
    )
    .orderBy("cloud_network.created_at")
    .orderBy("cloud_network.id")
    .execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const cidrs = await query(db)
    .selectFrom("cloud_network_cidr")
    .selectAll()
    .where("network_id", "in", ids)
    .orderBy("position")
    .execute();
  const through = await query(db)
    .selectFrom("cloud_network_access_point")
    .selectAll()
    .where("network_id", "in", ids)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    region: row.region,
    instanceId: row.instance_id,
    cenId: row.cen_id,
    cidrs: cidrs.filter((c) => c.network_id === row.id).map((c) => c.cidr),
    accessPoints: through.filter((t) => t.network_id === row.id).map((t) => t.access_point_id),
  }));
}

/** Address blocks of the instance's clients. */
export async function clientBlocks(db: Db, instanceId: string): Promise<string[]> {
  const rows = query(db).selectFrom("instance_cidr").select("cidr").where("instance_id", "=", instanceId);
  return (await rows.orderBy("position").execute()).map((row) => row.cidr);
}

/** Ids of instances with running sessions. */
export async function connectedInstances(db: Db): Promise<string[]> {
  const rows = await query(db)
    .selectFrom("session")
    .select("instance_id")
    .distinct()
    .where("ended_at", "is", null)
    .execute();
  return rows.map((row) => row.instance_id);
}

/** The last diagnosis of an instance, as JSON. */
export async function findDiagnosis(db: Db, instanceId: string): Promise<string | undefined> {
  const row = await query(db)
    .selectFrom("diagnosis")
    .select("report")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  return row?.report;
}

/** `at` is epoch ms. */
export async function putDiagnosis(db: Db, instanceId: string, at: number, report: string): Promise<void> {
  const row = { instance_id: instanceId, at, report };
  await query(db)
    .insertInto("diagnosis")
    .values(row)
    .onConflict((conflict) => conflict.column("instance_id").doUpdateSet(row))
    .execute();
}
