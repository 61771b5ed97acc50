import { newId } from "../../base/ids.ts";
import { contains, overlaps, parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockCcn, lockInstance } from "../../store/locks.ts";
import * as ccns from "../../store/queries/ccns.ts";
import { isInstanceGranted } from "../../store/queries/grants.ts";
import type { Ccn } from "../../store/shapes.ts";
import { shareCcnArea } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { noInstance } from "../instances/own.ts";
import { endSessionsOf } from "../instances/sessions.ts";
import { isPrivate, privateBlocks } from "../limits/private.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { isNumberOf, type Tenant } from "../tenants/tenants.ts";
import { requireNoForeignOverlap } from "./overlaps.ts";
import { servingCcn } from "./serving.ts";

export const noCcn = (id: string) => violation("no-own-ccn", { ccn: id });

/**
 * A CCN of this product account; outside `region` it is refused with another error than "not found", because clients treat that as
 * deleted.
 */
export async function ownCcn(db: Db, tenant: Tenant, id: string, region?: string): Promise<Ccn> {
  const row = await ccns.findCcn(db, id);
  if (row?.tenantId !== tenant.id) throw noCcn(id);
  if (region !== undefined && row.region !== region) {
    throw violation("ccn-elsewhere", { ccn: id, region: row.region, wanted: region });
  }
  return row;
}

export interface CcnDescription {
  name: string;
  description: string;
  region: string;
  /** "" = none. */
  cidrBlock: string;
  snatCidrBlock: string;
  /** Whether the creator marked it as default; stored and returned, but not used. */
  markedDefault: boolean;
}

/** The private block of a CCN for which none is set. */
const impliedBlock = "192.168.0.0/16";

/**
 * Checks the documented masks: /8 to /24 for the private blocks, /8 to /30 for the SNAT block, which must be within one of these.
 * `known` are the current blocks, which may be public.
 */
function requireBlocks(cidrBlock: string, snatCidrBlock: string, known = ""): void {
  const parsed = (cidrBlock || impliedBlock).split(",").map((text) => {
    const cidr = parseCidr(text);
    if (cidr?.version !== 4 || cidr.mask < 8 || cidr.mask > 24) {
      throw violation("ccn-block", { cidr: text });
    }
    if (!isPrivate(cidr) && !known.split(",").includes(text)) {
      throw violation("ccn-block-public", { cidr: text, private: privateBlocks });
    }
    return cidr;
  });
  if (parsed.some((a, i) => parsed.some((b, j) => i < j && overlaps(a, b)))) {
    throw violation("ccn-blocks-overlap");
  }
  if (snatCidrBlock === "") return;
  const snat = parseCidr(snatCidrBlock);
  if (snat?.version !== 4 || snat.mask < 8 || snat.mask > 30) {
    throw violation("snat-block", { cidr: snatCidrBlock });
  }
  if (!parsed.some((cidr) => cidr.mask <= snat.mask && contains(cidr, { version: 4, value: snat.first }))) {
    throw violation("snat-outside", { cidr: snatCidrBlock });
  }
}

export async function createCcn(change: Change, tenant: Tenant, wanted: CcnDescription): Promise<Ccn> {
  const { tx, now } = change;
  requireBlocks(wanted.cidrBlock, wanted.snatCidrBlock);
  await requireQuota(tx, tenant.id, "ccns-per-account", "ccn", (limit) => violation("ccn-limit", { limit }));
  const row: Ccn = {
    id: newId("ccn"),
    tenantId: tenant.id,
    name: wanted.name,
    isDefault: 0,
    createdAt: now,
    region: wanted.region,
    description: wanted.description,
    cidrBlock: wanted.cidrBlock,
    snatCidrBlock: wanted.snatCidrBlock,
    interworking: "Enabled",
    markedDefault: wanted.markedDefault ? 1 : 0,
  };
  await ccns.insertCcn(tx, row);
  await change.audit(row.id, null, wanted);
  return row;
}

export async function modifyCcn(
  change: Change,
  ccn: Ccn,
  wanted: {
    name?: string | undefined;
    description?: string | undefined;
    cidrBlock?: string | undefined;
    interworking?: string | undefined;
  },
): Promise<void> {
  const after = {
    name: wanted.name ?? ccn.name,
    description: wanted.description ?? ccn.description,
    cidrBlock: wanted.cidrBlock ?? ccn.cidrBlock,
    interworking: wanted.interworking ?? ccn.interworking,
  };
  requireBlocks(after.cidrBlock, wanted.cidrBlock === undefined ? "" : ccn.snatCidrBlock, ccn.cidrBlock);
  await ccns.updateCcn(change.tx, ccn.id, after);
  const { name, description, cidrBlock, interworking } = ccn;
  await change.audit(ccn.id, { name, description, cidrBlock, interworking }, after);
  change.networks();
}

/** Deletes a CCN. Refuses the default CCN, and one that still has instances, a CEN or access points. */
export async function deleteCcn(change: Change, ccn: Ccn): Promise<void> {
  const { tx } = change;
  await lockCcn(tx, ccn.id);
  const used = await ccns.usesOfCcn(tx, ccn.id);
  if (ccn.isDefault) throw violation("ccn-is-default", { ccn: ccn.id });
  if (used.instances) throw violation("ccn-has-instances", { ccn: ccn.id });
  if (used.cen) throw violation("ccn-has-cen", { ccn: ccn.id });
  if (used.accessPoints) throw violation("ccn-has-access-points", { ccn: ccn.id });
  await ccns.deleteCcn(tx, ccn.id, await ccns.defaultCcn(tx, ccn.tenantId));
  await change.audit(ccn.id, { name: ccn.name }, null);
}

export interface Binding {
  ccn: string;
  instance: string;
  /** Region of the CCN or of the instance; undefined = any. */
  region?: string | undefined;
  /** Number of the instance's owner that the caller expects; undefined = any. */
  owner?: number | undefined;
}

async function requireExpected(
  db: Db,
  { region, owner }: Binding,
  ccn: Ccn,
  instance: { id: string; region: string; tenantId: string },
): Promise<void> {
  if (!(await isNumberOf(db, instance.tenantId, owner))) {
    throw violation("instance-owner", { instance: instance.id, uid: owner ?? 0 });
  }
  if (region === undefined || region === ccn.region || region === instance.region) return;
  const where = { ccnRegion: ccn.region, instanceRegion: instance.region };
  throw violation("binding-elsewhere", { ccn: ccn.id, instance: instance.id, ...where, wanted: region });
}

/** Binds an instance of the CCN's owner, or one that was granted to the CCN. From then on, the CCN's access points serve it. */
export async function bindInstance(change: Change, tenant: Tenant, wanted: Binding): Promise<void> {
  const { tx } = change;
  const { ccn: ccnId, instance: instanceId } = wanted;
  await lockCcn(tx, ccnId);
  await lockInstance(tx, instanceId);
  const ccn = await ownCcn(tx, tenant, ccnId);
  const instance = await ccns.bindingOf(tx, instanceId);
  if (!instance) throw noInstance(instanceId);
  if (instance.tenantId !== tenant.id && !(await isInstanceGranted(tx, instanceId, ccnId))) {
    throw noInstance(instanceId);
  }
  await requireExpected(tx, wanted, ccn, instance);
  if (instance.boundCcnId === ccnId) return;
  if (instance.boundCcnId !== null) {
    throw violation("instance-bound", { ccn: instance.boundCcnId });
  }
  if (!shareCcnArea(instance.region, ccn.region)) {
    throw violation("area-mismatch", { instance: instance.region, ccn: ccn.region });
  }
  await requireNoForeignOverlap(tx, { id: instanceId, tenantId: instance.tenantId }, ccnId);
  const serving = await servingCcn(tx, instance.tenantId, ccnId);
  await ccns.bind(tx, instanceId, { bound: ccnId, serving });
  // Other access points use another address space, so connected clients have to dial again.
  if (instance.ccnId !== serving) {
    await endSessionsOf(change, instanceId, { cause: "session_expired", reason: "bound_elsewhere", text: "" });
  }
  await change.audit(instanceId, { ccn: instance.boundCcnId }, { ccn: ccnId });
  change.networks();
}

export async function unbindInstance(change: Change, tenant: Tenant, wanted: Binding): Promise<void> {
  const { tx } = change;
  const { ccn: ccnId, instance: instanceId } = wanted;
  await lockInstance(tx, instanceId);
  const instance = await ccns.bindingOf(tx, instanceId);
  const ccn = await ccns.findCcn(tx, ccnId);
  if (!instance || (instance.tenantId !== tenant.id && ccn?.tenantId !== tenant.id)) throw noInstance(instanceId);
  if (!ccn || (ccn.tenantId !== tenant.id && instance.boundCcnId !== ccnId)) throw noCcn(ccnId);
  await requireExpected(tx, wanted, ccn, instance);
  if (instance.boundCcnId !== ccnId) {
    if (instance.tenantId !== tenant.id) throw noInstance(instanceId);
    throw violation("not-bound");
  }
  await ccns.bind(tx, instanceId, { bound: null });
  await change.audit(instanceId, { ccn: ccnId }, { ccn: null });
  change.networks();
}
