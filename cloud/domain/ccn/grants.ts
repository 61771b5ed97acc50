import { newId } from "../../base/ids.ts";
import * as grants from "../../store/queries/grants.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { noCcn, ownCcn } from "./ccn.ts";

const notGranted = (what: string, to: string) => violation("not-granted", { what, to });

/** Allows a CCN of another product account to bind the instance. */
export async function grantInstance(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region?: string | undefined; ccnId: string; ccnUid: number; trafficService: boolean },
): Promise<string> {
  const { tx, now } = change;
  await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  // Both the account's number and the CCN's id must match; otherwise report that the CCN does not exist.
  const ccn = await grants.ownedByUid(tx, "ccn", wanted.ccnId, wanted.ccnUid);
  if (!ccn) throw noCcn(wanted.ccnId);
  const row = {
    id: newId("sgc"),
    instanceId: wanted.instanceId,
    ccnId: ccn.id,
    ccnTenantId: ccn.tenantId,
    trafficService: wanted.trafficService ? 1 : 0,
    createdAt: now,
  };
  const { grant, added } = await grants.grantInstance(tx, row);
  if (grant.ccnId !== wanted.ccnId) {
    throw violation("granted-already", { to: grant.ccnId });
  }
  if (!added) return grant.id;
  await change.audit(wanted.instanceId, null, { grantedTo: ccn.id });
  change.networks();
  return row.id;
}

export async function revokeInstance(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region?: string | undefined; ccnId: string },
): Promise<void> {
  await ownInstance(change.tx, tenant, wanted.instanceId, wanted.region);
  if (!(await grants.revokeInstance(change.tx, wanted.instanceId, wanted.ccnId))) {
    throw notGranted(wanted.instanceId, wanted.ccnId);
  }
  await change.audit(wanted.instanceId, { grantedTo: wanted.ccnId }, null);
  change.networks();
}

/** Allows a CEN of another product account to attach the CCN. */
export async function grantCcn(
  change: Change,
  tenant: Tenant,
  wanted: { ccnId: string; region?: string | undefined; cenId: string; cenUid: number; trafficService: boolean },
): Promise<void> {
  const { tx, now } = change;
  await ownCcn(tx, tenant, wanted.ccnId, wanted.region);
  const cen = await grants.ownedByUid(tx, "cen", wanted.cenId, wanted.cenUid);
  if (!cen) throw violation("no-foreign-cen", { cen: wanted.cenId });
  const row = {
    id: newId("grt"),
    ccnId: wanted.ccnId,
    cenId: cen.id,
    cenTenantId: cen.tenantId,
    trafficService: wanted.trafficService ? 1 : 0,
    createdAt: now,
    modifiedAt: now,
  };
  await grants.grantCcn(tx, row);
  await change.audit(wanted.ccnId, null, { grantedTo: cen.id });
  change.networks();
}

export async function revokeCcn(
  change: Change,
  tenant: Tenant,
  wanted: { ccnId: string; region?: string | undefined; cenId: string },
): Promise<void> {
  await ownCcn(change.tx, tenant, wanted.ccnId, wanted.region);
  if (!(await grants.revokeCcn(change.tx, wanted.ccnId, wanted.cenId))) throw notGranted(wanted.ccnId, wanted.cenId);
  await change.audit(wanted.ccnId, { grantedTo: wanted.cenId }, null);
  change.networks();
}
