import { newId } from "../../base/ids.ts";
import type { Db } from "../../store/db.ts";
import { lockCen } from "../../store/locks.ts";
import { someChild } from "../../store/queries/cen-children.ts";
import * as cens from "../../store/queries/cens.ts";
import type { Change } from "../change.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { setTags, type Tag } from "../tags.ts";
import type { Tenant } from "../tenants/tenants.ts";

export interface Cen {
  id: string;
  name: string;
  description: string;
  protectionLevel: string;
}

/** A CEN of this product account, whose number is `owner` unless that is undefined. */
export async function ownCen(db: Db, tenant: Tenant, id: string, owner?: number): Promise<Cen> {
  const row = await cens.findCen(db, id);
  if (row?.tenantId !== tenant.id) throw violation("no-cen", { cen: id });
  if (owner !== undefined && owner !== tenant.uid) throw violation("cen-owner", { cen: id, uid: owner });
  return { id, name: row.name, description: row.description, protectionLevel: row.protectionLevel };
}

export async function createCen(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; description: string; protectionLevel: string; tags: readonly Tag[] },
): Promise<Cen> {
  const { tx, now } = change;
  await requireQuota(tx, tenant.id, "cens-per-account", "cen", (limit) => violation("cen-limit", { limit }));
  const { tags, ...described } = wanted;
  const cen = { id: newId("cen"), ...described };
  await cens.insertCen(tx, {
    id: cen.id,
    tenantId: tenant.id,
    name: cen.name,
    description: cen.description,
    protectionLevel: cen.protectionLevel,
    isDefault: 0,
    createdAt: now,
  });
  await setTags(tx, cen.id, tags);
  await change.audit(cen.id, null, { name: cen.name, description: cen.description });
  return cen;
}

export async function modifyCen(
  change: Change,
  cen: Cen,
  wanted: { name?: string | undefined; description?: string | undefined; protectionLevel?: string | undefined },
): Promise<void> {
  const after = {
    name: wanted.name ?? cen.name,
    description: wanted.description ?? cen.description,
    protectionLevel: wanted.protectionLevel ?? cen.protectionLevel,
  };
  await cens.updateCen(change.tx, cen.id, {
    name: after.name,
    description: after.description,
    protectionLevel: after.protectionLevel,
  });
  const { id, ...before } = cen;
  await change.audit(id, before, after);
  change.networks();
}

export async function deleteCen(change: Change, cen: Cen): Promise<void> {
  const { tx } = change;
  await lockCen(tx, cen.id);
  const child = await someChild(tx, cen.id);
  if (child !== undefined) throw violation("cen-has-child", { cen: cen.id, child });
  const [bandwidth] = await cens.packagesOf(tx, cen.id);
  if (bandwidth) throw violation("cen-has-package", { cen: cen.id, package: bandwidth.id });
  await cens.deleteCen(tx, cen.id);
  await change.audit(cen.id, { name: cen.name }, null);
}
