import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

type Db = Kysely<Schema>;
export type ChildType = "CCN" | "VPC";

export interface Child {
  id: string;
  name: string;
  type: ChildType;
  region: string;
  tenantId: string;
}

export const noChild = (id: string) =>
  broken("ParameterIllegal.ChildInstanceId", `The specified network instance ${id} does not exist.`);

/** What an id of this type stands for, whoever owns it; undefined = nothing. */
export async function findChild(db: Db, type: ChildType, id: string): Promise<Child | undefined> {
  const table = type === "CCN" ? "ccn" : "cloud_network";
  const row = await db
    .selectFrom(table)
    .select(["id", "name", "region", "tenant_id"])
    .where("id", "=", id)
    .executeTakeFirst();
  return row && { id: row.id, name: row.name, type, region: row.region, tenantId: row.tenant_id };
}

async function parentOf(db: Db, childId: string): Promise<string | undefined> {
  return (await db.selectFrom("cen_child").select("cen_id").where("child_id", "=", childId).executeTakeFirst())?.cen_id;
}

/** A child of the CEN's owner, or a CCN that its owner granted to this CEN. */
export async function attachChild(
  change: Change,
  tenant: Tenant,
  wanted: { cenId: string; type: ChildType; childId: string; region: string | undefined; subnet: string },
): Promise<void> {
  const { tx, now } = change;
  const child = await findChild(tx, wanted.type, wanted.childId);
  if (!child) throw noChild(wanted.childId);
  if (child.tenantId !== tenant.id) {
    const granted = await tx
      .selectFrom("grant_cbn")
      .select("id")
      .where("ccn_id", "=", child.id)
      .where("cen_id", "=", wanted.cenId)
      .executeTakeFirst();
    if (!granted) throw noChild(wanted.childId);
  }
  if (wanted.region !== undefined && wanted.region !== child.region) {
    throw broken(
      "ParameterIllegal.ChildInstanceRegionId",
      `${child.id} is in ${child.region}, not in ${wanted.region}.`,
    );
  }
  const parent = await parentOf(tx, child.id);
  if (parent !== undefined) {
    throw broken("AlreadyBound.CEN", `${child.id} is attached to a Cloud Enterprise Network already; detach it first.`);
  }
  await tx
    .insertInto("cen_child")
    .values({
      child_id: child.id,
      cen_id: wanted.cenId,
      child_type: child.type,
      attached_at: now,
      subnet: wanted.subnet,
    })
    .execute();
  await change.audit(child.id, { cen: null }, { cen: wanted.cenId });
  change.networks();
}

export async function detachChild(
  change: Change,
  wanted: { cenId: string; type: ChildType; childId: string },
): Promise<void> {
  const { numDeletedRows } = await change.tx
    .deleteFrom("cen_child")
    .where("child_id", "=", wanted.childId)
    .where("cen_id", "=", wanted.cenId)
    .where("child_type", "=", wanted.type)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw noChild(wanted.childId);
  await change.audit(wanted.childId, { cen: wanted.cenId }, { cen: null });
  change.networks();
}
