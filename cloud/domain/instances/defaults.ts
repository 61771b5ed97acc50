import { newId } from "../../base/ids.ts";
import type { Tx } from "../../store/db.ts";
import { insertCcn } from "../../store/queries/ccns.ts";
import { attach } from "../../store/queries/cen-children.ts";
import { insertCen } from "../../store/queries/cens.ts";

/**
 * Creates a default CCN attached to a default CEN, so that the first instance of a new product account needs no network setup. Returns
 * the CCN's id.
 */
export async function newDefaults(tx: Tx, tenantId: string, now: number): Promise<string> {
  const ccn = { id: newId("ccn"), tenant_id: tenantId, name: "default", is_default: 1, created_at: now };
  await insertCcn(tx, ccn);
  const cen = { id: newId("cen"), tenant_id: tenantId, name: "default", description: "", protection_level: "REDUCED" };
  await insertCen(tx, { ...cen, is_default: 1, created_at: now });
  await attach(tx, { child_id: ccn.id, cen_id: cen.id, child_type: "CCN", attached_at: now, subnet: "" });
  return ccn.id;
}
