import { newCode, newId } from "../../base/ids.ts";
import { formatCidr } from "../../base/ip.ts";
import { findCode, insertCode } from "../../store/queries/codes.ts";
import { insertInstance, replaceCidrs } from "../../store/queries/instances.ts";
import { countOwned } from "../../store/queries/quotas.ts";
import { defaultCcn, servingCcn } from "../ccn/serving.ts";
import type { Change } from "../change.ts";
import { defaultCode } from "../codes/codes.ts";
import { requireCidr, requireCode, requireInstanceName } from "../limits/instance.ts";
import { defaultPolicy } from "../limits/policy.ts";
import { limitOf, requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { addMonths, requireUserCount } from "./change.ts";
import { findCcn } from "./instances.ts";
import type { InstanceRow } from "./own.ts";

const policy = {
  full_tunnel: Number(defaultPolicy.fullTunnel),
  lockdown: Number(defaultPolicy.lockdown),
  lease_seconds: defaultPolicy.leaseSeconds,
  sign_in_seconds: defaultPolicy.signInSeconds,
  devices_per_account: defaultPolicy.devicesPerAccount,
};

/** Refuses if the account has reached its quota of instances. */
async function requireOneMore(change: Change, tenant: Tenant): Promise<void> {
  await requireQuota(change.tx, tenant.id, "instances-per-account", "instance", (limit) =>
    violation("instance-limit", { limit }),
  );
}

export interface InstanceWish {
  name: string;
  cidrs: readonly string[];
  /** undefined = a new code is generated. An existing code is shared. */
  code?: string | undefined;
  /** Id or name; undefined = the default CCN. */
  ccn?: string | undefined;
}

/** Creates an instance without a term, bound to a CCN and with address blocks, for as many accounts as the quota allows. */
export async function createInstance(change: Change, tenant: Tenant, wish: InstanceWish): Promise<InstanceRow> {
  const { tx, now } = change;
  const name = requireInstanceName(wish.name);
  const most = await limitOf(tx, tenant.id, "cidrs-per-instance");
  const cidrs: string[] = [];
  for (const cidr of wish.cidrs) cidrs.push(formatCidr(requireCidr(cidr, blocks(cidrs), most)));
  await requireOneMore(change, tenant);
  const ccnId = await findCcn(tx, tenant.id, wish.ccn);
  const row = await insertInstance(tx, {
    id: newId("sag"),
    tenant_id: tenant.id,
    name,
    enterprise_code: await codeFor(change, tenant, wish.code),
    ccn_id: await servingCcn(tx, tenant.id, ccnId),
    bound_ccn_id: ccnId,
    ...policy,
    created_at: now,
    user_count: await limitOf(tx, tenant.id, "users-per-instance"),
  });
  await replaceCidrs(tx, row.id, cidrs);
  return row;
}

/** The enterprise code of a new instance. It does not count against the quota of codes. */
async function codeFor(change: Change, tenant: Tenant, wanted: string | undefined): Promise<string> {
  const { tx, now } = change;
  const code = wanted === undefined ? newCode() : requireCode(wanted);
  const known = await findCode(tx, code);
  if (known && (known.tenant_id !== tenant.id || wanted === undefined)) throw violation("code-taken", { code });
  if (known) return code;
  const first = (await countOwned(tx, "enterprise_code", tenant.id)) === 0;
  await insertCode(tx, { code, tenant_id: tenant.id, is_default: Number(first), created_at: now });
  return code;
}

/** Orders an instance as the product sells it: with a term, not bound to a CCN, without addresses or accounts. */
export async function orderInstance(
  change: Change,
  tenant: Tenant,
  wanted: { region: string; userCount: number; dataPlan: number; months: number },
): Promise<InstanceRow> {
  const { tx, now } = change;
  await requireOneMore(change, tenant);
  await requireUserCount(change, tenant.id, wanted.userCount);
  const id = newId("sag");
  const end = addMonths(now, wanted.months);
  const row = await insertInstance(tx, {
    id,
    tenant_id: tenant.id,
    name: id,
    enterprise_code: await defaultCode(change, tenant),
    ccn_id: await defaultCcn(tx, tenant.id),
    ...policy,
    created_at: now,
    region: wanted.region,
    user_count: wanted.userCount,
    data_plan: wanted.dataPlan,
    end_time: end,
  });
  change.after(async () => change.context.sweeper.by(end));
  return row;
}
