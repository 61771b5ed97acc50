import type { Kysely, Selectable } from "kysely";
import type { InstanceTable, Schema } from "../../store/schema.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

export type InstanceRow = Selectable<InstanceTable>;

export const noInstance = (id: string) =>
  broken("SAG.InstanceNoFound", `The specified SAG instance ${id} does not exist.`);

/** An instance of this owner; another's looks like none. */
export async function ownInstance(
  db: Kysely<Schema>,
  tenant: Tenant,
  id: string,
  region?: string,
): Promise<InstanceRow> {
  const row = await db
    .selectFrom("instance")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row || (region !== undefined && row.region !== region)) throw noInstance(id);
  return row;
}
