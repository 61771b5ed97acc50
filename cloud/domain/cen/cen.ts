import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import type { CenTable, Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { requireQuota } from "../quotas/limits.ts";
import { broken } from "../rules.ts";
import { setTags, type Tag } from "../tags.ts";
import type { Tenant } from "../tenants/tenants.ts";

export type CenRow = Selectable<CenTable>;
type Db = Kysely<Schema>;

export async function ownCen(db: Db, tenant: Tenant, id: string): Promise<CenRow> {
  const row = await db
    .selectFrom("cen")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row) throw broken("ParameterCenInstanceId", `The specified Cloud Enterprise Network ${id} does not exist.`);
  return row;
}

export async function createCen(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; description: string; protectionLevel: string; tags: readonly Tag[] },
): Promise<CenRow> {
  const { tx, now } = change;
  const own = tx.selectFrom("cen").where("tenant_id", "=", tenant.id);
  await requireQuota(tx, tenant.id, "cens-per-account", own, (limit) =>
    broken("QuotaExceeded.CEN", `An account has at most ${limit} Cloud Enterprise Networks.`),
  );
  const row: CenRow = {
    id: newId("cen"),
    tenant_id: tenant.id,
    name: wanted.name,
    description: wanted.description,
    protection_level: wanted.protectionLevel,
    is_default: 0,
    created_at: now,
  };
  await tx.insertInto("cen").values(row).execute();
  await setTags(tx, row.id, wanted.tags);
  await change.audit(row.id, null, { name: row.name, description: row.description });
  return row;
}

export async function modifyCen(
  change: Change,
  cen: CenRow,
  wanted: { name?: string | undefined; description?: string | undefined; protectionLevel?: string | undefined },
): Promise<void> {
  const after = {
    name: wanted.name ?? cen.name,
    description: wanted.description ?? cen.description,
    protection_level: wanted.protectionLevel ?? cen.protection_level,
  };
  await change.tx.updateTable("cen").set(after).where("id", "=", cen.id).execute();
  await change.audit(cen.id, { name: cen.name, description: cen.description }, after);
  change.networks();
}

export async function deleteCen(change: Change, cen: CenRow): Promise<void> {
  const { tx } = change;
  const child = await tx.selectFrom("cen_child").select("child_id").where("cen_id", "=", cen.id).executeTakeFirst();
  if (child) throw broken("Forbidden.Release", `${cen.id} cannot be deleted: ${child.child_id} is attached to it.`);
  const bandwidth = await tx
    .selectFrom("cen_bandwidth_package")
    .select("id")
    .where("cen_id", "=", cen.id)
    .executeTakeFirst();
  if (bandwidth)
    throw broken("Forbidden.Release", `${cen.id} cannot be deleted: ${bandwidth.id} is associated with it.`);
  await tx.deleteFrom("tag").where("object_id", "=", cen.id).execute();
  await tx.deleteFrom("cen").where("id", "=", cen.id).execute();
  await change.audit(cen.id, { name: cen.name }, null);
}
