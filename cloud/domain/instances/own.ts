import type { Db } from "../../store/db.ts";
import { instanceById, instancesNamed } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

export const noInstance = (instance: string) => violation("no-instance", { instance });

/**
 * An instance of this product account; an instance of another account is reported as not found. An instance outside `region` is refused
 * with another error, because clients treat "not found" as deleted.
 */
export async function ownInstance(db: Db, tenant: Tenant, id: string, region?: string): Promise<Instance> {
  const row = await instanceById(db, id);
  if (row?.tenantId !== tenant.id) throw noInstance(id);
  if (region !== undefined && row.region !== region) {
    throw violation("instance-elsewhere", { instance: id, region: row.region, wanted: region });
  }
  return row;
}

/** Names for a message; "…" stands for those beyond the limit. */
export const listed = (names: readonly string[]): string =>
  names.length > mostListed ? `${names.slice(0, mostListed).join(", ")}, …` : names.join(", ");
const mostListed = 10;

/**
 * Finds an instance by id or unique name, or the only one if `wanted` is undefined. `tenantId` undefined = in all product accounts.
 */
export async function instanceNamed(
  db: Db,
  tenantId: string | undefined,
  wanted: string | undefined,
): Promise<Instance> {
  const all = await instancesNamed(db, tenantId, wanted, mostListed + 1);
  const [only, second] = all;
  if (!only) throw wanted === undefined ? violation("no-instance-yet") : noInstance(wanted);
  if (second) {
    if (wanted !== undefined) throw violation("ambiguous-instance", { instance: wanted });
    throw violation("several-instances", { names: listed(all.map((one) => one.name || one.id)) });
  }
  return only;
}
