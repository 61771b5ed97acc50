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
  const ccn = { id: newId("ccn"), tenantId, name: "default", isDefault: 1, createdAt: now };
  await insertCcn(tx, ccn);
  const cen = { id: newId("cen"), tenantId, name: "default", description: "", protectionLevel: "REDUCED" };
  await insertCen(tx, { ...cen, isDefault: 1, createdAt: now });
  await attach(tx, { childId: ccn.id, cenId: cen.id, childType: "CCN", attachedAt: now, subnet: "" });
  return ccn.id;
}
