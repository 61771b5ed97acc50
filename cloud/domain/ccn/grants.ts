import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import type { GrantCbnTable, GrantSagTable, Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { noCcn, ownCcn } from "./ccn.ts";

type Db = Kysely<Schema>;

/** The number names the account, the id its object; both must fit, or neither is said to exist. */
async function ownedBy(
  db: Db,
  table: "ccn" | "cen",
  id: string,
  uid: number,
): Promise<{ id: string; tenantId: string } | undefined> {
  const row = await db
    .selectFrom(table)
    .innerJoin("tenant", "tenant.id", `${table}.tenant_id`)
    .select([`${table}.id as id`, "tenant.id as tenantId"])
    .where(`${table}.id`, "=", id)
    .where("tenant.uid", "=", uid)
    .executeTakeFirst();
  return row as { id: string; tenantId: string } | undefined;
}

/** The instance's owner lets a CCN of another account bind it. */
export async function grantInstance(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region: string; ccnId: string; ccnUid: number; trafficService: boolean },
): Promise<string> {
  const { tx, now } = change;
  await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  const ccn = await ownedBy(tx, "ccn", wanted.ccnId, wanted.ccnUid);
  if (!ccn) throw noCcn(wanted.ccnId);
  const known = await tx
    .selectFrom("grant_sag")
    .selectAll()
    .where("instance_id", "=", wanted.instanceId)
    .executeTakeFirst();
  if (known?.ccn_id === wanted.ccnId) return known.id;
  if (known) throw broken("SAG.GrantDuplicated", `The instance is granted to ${known.ccn_id}; revoke that first.`);
  const row = {
    id: newId("sgc"),
    instance_id: wanted.instanceId,
    ccn_id: ccn.id,
    ccn_tenant_id: ccn.tenantId,
    traffic_service: wanted.trafficService ? 1 : 0,
    created_at: now,
  };
  await tx.insertInto("grant_sag").values(row).execute();
  await change.audit(wanted.instanceId, null, { grantedTo: ccn.id });
  change.networks();
  return row.id;
}

export async function revokeInstance(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region: string; ccnId: string },
): Promise<void> {
  await ownInstance(change.tx, tenant, wanted.instanceId, wanted.region);
  const { numDeletedRows } = await change.tx
    .deleteFrom("grant_sag")
    .where("instance_id", "=", wanted.instanceId)
    .where("ccn_id", "=", wanted.ccnId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw noCcn(wanted.ccnId);
  await change.audit(wanted.instanceId, { grantedTo: wanted.ccnId }, null);
  change.networks();
}

/** The CCN's owner lets a CEN of another account attach it. */
export async function grantCcn(
  change: Change,
  tenant: Tenant,
  wanted: { ccnId: string; cenId: string; cenUid: number; trafficService: boolean },
): Promise<void> {
  const { tx, now } = change;
  await ownCcn(tx, tenant, wanted.ccnId);
  const cen = await ownedBy(tx, "cen", wanted.cenId, wanted.cenUid);
  if (!cen)
    throw broken("InvalidCenInstanceId", `The specified Cloud Enterprise Network ${wanted.cenId} does not exist.`);
  const row = {
    id: newId("grt"),
    ccn_id: wanted.ccnId,
    cen_id: cen.id,
    cen_tenant_id: cen.tenantId,
    traffic_service: wanted.trafficService ? 1 : 0,
    created_at: now,
    modified_at: now,
  };
  await tx
    .insertInto("grant_cbn")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["ccn_id", "cen_id"]).doUpdateSet({ traffic_service: row.traffic_service, modified_at: now }),
    )
    .execute();
  await change.audit(wanted.ccnId, null, { grantedTo: cen.id });
  change.networks();
}

export async function revokeCcn(
  change: Change,
  tenant: Tenant,
  wanted: { ccnId: string; cenId: string },
): Promise<void> {
  await ownCcn(change.tx, tenant, wanted.ccnId);
  const { numDeletedRows } = await change.tx
    .deleteFrom("grant_cbn")
    .where("ccn_id", "=", wanted.ccnId)
    .where("cen_id", "=", wanted.cenId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw broken("InvalidCenInstanceId", `${wanted.ccnId} is not granted to ${wanted.cenId}.`);
  await change.audit(wanted.ccnId, { grantedTo: wanted.cenId }, null);
  change.networks();
}

export type GrantCbnRow = Selectable<GrantCbnTable>;
export type GrantSagRow = Selectable<GrantSagTable>;
