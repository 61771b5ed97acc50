import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import { contains, overlaps, parseCidr } from "../../base/ip.ts";
import type { CcnTable, Schema } from "../../store/schema.ts";
import { shareCcnArea } from "../areas/regions.ts";
import type { Change } from "../change.ts";
import { noInstance } from "../instances/own.ts";
import { endSessionsOf } from "../instances/sessions.ts";
import { requireQuota } from "../quotas/limits.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { defaultCcn, servingCcn } from "./serving.ts";

export type CcnRow = Selectable<CcnTable>;
type Db = Kysely<Schema>;

export const noCcn = (id: string) =>
  broken("CCN.InvalidId", `The specified Cloud Connect Network ${id} does not exist.`);

export async function ownCcn(db: Db, tenant: Tenant, id: string): Promise<CcnRow> {
  const row = await db
    .selectFrom("ccn")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row) throw noCcn(id);
  return row;
}

export interface CcnDescription {
  name: string;
  description: string;
  region: string;
  /** "" = none. */
  cidrBlock: string;
  snatCidrBlock: string;
}

/** The documented masks: /8-/24 for the private block, /8-/30 for SNAT, which lies inside it. */
function requireBlocks(cidrBlock: string, snatCidrBlock: string): void {
  const blocks = cidrBlock === "" ? [] : cidrBlock.split(",");
  const parsed = blocks.map((text) => {
    const cidr = parseCidr(text);
    if (cidr?.version !== 4 || cidr.mask < 8 || cidr.mask > 24) {
      throw broken("InvalidCidrBlock", `${text} is not an IPv4 block with a mask of /8 to /24.`);
    }
    return cidr;
  });
  if (parsed.some((a, i) => parsed.some((b, j) => i < j && overlaps(a, b)))) {
    throw broken("InvalidCidrBlock", "The blocks overlap one another.");
  }
  if (snatCidrBlock === "") return;
  const snat = parseCidr(snatCidrBlock);
  if (snat?.version !== 4 || snat.mask < 8 || snat.mask > 30) {
    throw broken("InvalidSnatCidrBlock", `${snatCidrBlock} is not an IPv4 block with a mask of /8 to /30.`);
  }
  if (!parsed.some((cidr) => cidr.mask <= snat.mask && contains(cidr, { version: 4, value: snat.first }))) {
    throw broken("InvalidSnatCidrBlock", `${snatCidrBlock} does not lie inside the CCN's private block.`);
  }
}

export async function createCcn(change: Change, tenant: Tenant, wanted: CcnDescription): Promise<CcnRow> {
  const { tx, now } = change;
  requireBlocks(wanted.cidrBlock, wanted.snatCidrBlock);
  const own = tx.selectFrom("ccn").where("tenant_id", "=", tenant.id);
  await requireQuota(tx, tenant.id, "ccns-per-account", own, (limit) =>
    broken("QuotaExceeded.CCN", `An account has at most ${limit} Cloud Connect Networks.`),
  );
  const row: CcnRow = {
    id: newId("ccn"),
    tenant_id: tenant.id,
    name: wanted.name,
    is_default: 0,
    created_at: now,
    region: wanted.region,
    description: wanted.description,
    cidr_block: wanted.cidrBlock,
    snat_cidr_block: wanted.snatCidrBlock,
    interworking: "Enabled",
  };
  await tx.insertInto("ccn").values(row).execute();
  await change.audit(row.id, null, wanted);
  return row;
}

export async function modifyCcn(
  change: Change,
  ccn: CcnRow,
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
    cidr_block: wanted.cidrBlock ?? ccn.cidr_block,
    interworking: wanted.interworking ?? ccn.interworking,
  };
  requireBlocks(after.cidr_block, wanted.cidrBlock === undefined ? "" : ccn.snat_cidr_block);
  await change.tx.updateTable("ccn").set(after).where("id", "=", ccn.id).execute();
  const { name, description, cidr_block, interworking } = ccn;
  await change.audit(ccn.id, { name, description, cidr_block, interworking }, after);
  change.networks();
}

/** Nothing may still hang on it: neither instances, nor a CEN, nor access points that serve it. */
export async function deleteCcn(change: Change, ccn: CcnRow): Promise<void> {
  const { tx } = change;
  const used = async (table: "instance" | "access_point", column: "bound_ccn_id" | "ccn_id") =>
    (await tx
      .selectFrom(table)
      .select("id")
      .where(column as never, "=", ccn.id as never)
      .executeTakeFirst()) !== undefined;
  const refuse = (text: string) => broken("CCN.InUse", `${ccn.id} cannot be deleted: ${text}.`);
  if (ccn.is_default)
    throw refuse("it is the account's default, whose access points serve instances that are bound to none");
  if (await used("instance", "bound_ccn_id")) throw refuse("instances are bound to it");
  if (await tx.selectFrom("cen_child").select("cen_id").where("child_id", "=", ccn.id).executeTakeFirst()) {
    throw refuse("it is attached to a CEN");
  }
  if (await used("access_point", "ccn_id")) throw refuse("access points serve it");
  const home = await defaultCcn(tx, ccn.tenant_id);
  await tx.updateTable("instance").set({ ccn_id: home }).where("ccn_id", "=", ccn.id).execute();
  await tx.deleteFrom("access_point_token").where("ccn_id", "=", ccn.id).execute();
  await tx.deleteFrom("tag").where("object_id", "=", ccn.id).execute();
  await tx.deleteFrom("ccn").where("id", "=", ccn.id).execute();
  await change.audit(ccn.id, { name: ccn.name }, null);
}

/** Binds an instance of the CCN's owner, or one whose owner granted it. From then on the CCN's access points serve it. */
export async function bindInstance(change: Change, tenant: Tenant, ccnId: string, instanceId: string): Promise<void> {
  const { tx } = change;
  const ccn = await ownCcn(tx, tenant, ccnId);
  const instance = await tx.selectFrom("instance").selectAll().where("id", "=", instanceId).executeTakeFirst();
  if (!instance) throw noInstance(instanceId);
  if (instance.tenant_id !== tenant.id) {
    const grant = await tx
      .selectFrom("grant_sag")
      .select("id")
      .where("instance_id", "=", instanceId)
      .where("ccn_id", "=", ccnId)
      .executeTakeFirst();
    if (!grant) throw noInstance(instanceId);
  }
  if (instance.bound_ccn_id === ccnId) return;
  if (instance.bound_ccn_id !== null) {
    throw broken("AlreadyBound.CCN", `The instance is bound to ${instance.bound_ccn_id}; unbind it first.`);
  }
  if (!shareCcnArea(instance.region, ccn.region)) {
    throw broken(
      "SAG.AreaNotMatch",
      `The instance is in ${instance.region}, the CCN in ${ccn.region}: they must share an area.`,
    );
  }
  const serving = await servingCcn(tx, instance.tenant_id, ccnId);
  await tx.updateTable("instance").set({ bound_ccn_id: ccnId, ccn_id: serving }).where("id", "=", instanceId).execute();
  // Other access points, another address space: those who are connected have to dial anew.
  if (instance.ccn_id !== serving) {
    await endSessionsOf(
      change,
      instanceId,
      "session_expired",
      "The instance was bound to another Cloud Connect Network.",
    );
  }
  await change.audit(instanceId, { ccn: instance.bound_ccn_id }, { ccn: ccnId });
  change.networks();
}

export async function unbindInstance(change: Change, tenant: Tenant, ccnId: string, instanceId: string): Promise<void> {
  const { tx } = change;
  const instance = await tx.selectFrom("instance").selectAll().where("id", "=", instanceId).executeTakeFirst();
  const ccn = await tx.selectFrom("ccn").selectAll().where("id", "=", ccnId).executeTakeFirst();
  if (!instance || (instance.tenant_id !== tenant.id && ccn?.tenant_id !== tenant.id)) throw noInstance(instanceId);
  if (!ccn || (ccn.tenant_id !== tenant.id && instance.bound_ccn_id !== ccnId)) throw noCcn(ccnId);
  if (instance.bound_ccn_id !== ccnId) {
    if (instance.tenant_id !== tenant.id) throw noInstance(instanceId);
    throw broken("SmartAccessGatewayNotBind", "The instance is not bound to this Cloud Connect Network.");
  }
  await tx.updateTable("instance").set({ bound_ccn_id: null }).where("id", "=", instanceId).execute();
  await change.audit(instanceId, { ccn: ccnId }, { ccn: null });
  change.networks();
}
