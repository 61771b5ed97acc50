import type { Db } from "../../store/db.ts";
import { ccnsOfTenant } from "../../store/queries/ccns.ts";
import { updateInstance } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import type { Context } from "../context.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import type { AccessPointState } from "./registry.ts";

/** Access points of the product account's CCNs, ordered by number. */
export async function ownAccessPoints(context: Context, db: Db, tenant: Tenant): Promise<AccessPointState[]> {
  const own = new Set(await ccnsOfTenant(db, tenant.id));
  return context.accessPoints
    .list()
    .filter((state) => own.has(state.ccnId))
    .sort((a, b) => a.number - b.number);
}

export async function ownAccessPoint(
  context: Context,
  db: Db,
  tenant: Tenant,
  number: number,
): Promise<AccessPointState> {
  const state = (await ownAccessPoints(context, db, tenant)).find((one) => one.number === number);
  if (!state) throw violation("no-access-point", { id: number });
  return state;
}

/** Sets the access point that the instance's clients are offered first. */
export async function preferAccessPoint(change: Change, instance: Instance, state: AccessPointState): Promise<void> {
  if (instance.ccnId !== state.ccnId) throw violation("access-point-elsewhere", { id: state.number });
  await updateInstance(change.tx, instance.id, { accessPointNumber: state.number });
}
