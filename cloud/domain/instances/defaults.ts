import type { Kysely } from "kysely";
import { newId } from "../../base/ids.ts";
import type { Schema } from "../../store/schema.ts";

/**
 * A CCN already attached to a CEN, so that a new owner's first instance reaches its networks without further ceremony. Returns
 * the CCN's id.
 */
export async function newDefaults(tx: Kysely<Schema>, tenantId: string, now: number): Promise<string> {
  const ccn = { id: newId("ccn"), tenant_id: tenantId, name: "default", is_default: 1, created_at: now };
  await tx.insertInto("ccn").values(ccn).execute();
  const cen = { id: newId("cen"), tenant_id: tenantId, name: "default", description: "", protection_level: "REDUCED" };
  await tx
    .insertInto("cen")
    .values({ ...cen, is_default: 1, created_at: now })
    .execute();
  await tx
    .insertInto("cen_child")
    .values({ child_id: ccn.id, cen_id: cen.id, child_type: "CCN", attached_at: now, subnet: "" })
    .execute();
  return ccn.id;
}
