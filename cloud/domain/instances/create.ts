import { newCode, newId } from "../../base/ids.ts";
import { formatCidr } from "../../base/ip.ts";
import { findCode, insertCode } from "../../store/queries/codes.ts";
import { insertInstance, replaceCidrs } from "../../store/queries/instances.ts";
import { countOwned } from "../../store/queries/quotas.ts";
import type { Instance } from "../../store/shapes.ts";
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

const policy = {
  fullTunnel: Number(defaultPolicy.fullTunnel),
  lockdown: Number(defaultPolicy.lockdown),
  leaseSeconds: defaultPolicy.leaseSeconds,
  signInSeconds: defaultPolicy.signInSeconds,
  devicesPerAccount: defaultPolicy.devicesPerAccount,
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
export async function createInstance(change: Change, tenant: Tenant, wish: InstanceWish): Promise<Instance> {
  const { tx, now } = change;
  const name = requireInstanceName(wish.name);
  const most = await limitOf(tx, tenant.id, "cidrs-per-instance");
  const cidrs: string[] = [];
  for (const cidr of wish.cidrs) cidrs.push(formatCidr(requireCidr(cidr, blocks(cidrs), most)));
  await requireOneMore(change, tenant);
  const ccnId = await findCcn(tx, tenant.id, wish.ccn);
  const row = await insertInstance(tx, {
    id: newId("sag"),
    tenantId: tenant.id,
    name,
    enterpriseCode: await codeFor(change, tenant, wish.code),
    ccnId: await servingCcn(tx, tenant.id, ccnId),
    boundCcnId: ccnId,
    ...policy,
    createdAt: now,
    userCount: await limitOf(tx, tenant.id, "users-per-instance"),
  });
  await replaceCidrs(tx, row.id, cidrs);
  return row;
}

/** The enterprise code of a new instance. It does not count against the quota of codes. */
async function codeFor(change: Change, tenant: Tenant, wanted: string | undefined): Promise<string> {
  const { tx, now } = change;
  const code = wanted === undefined ? newCode() : requireCode(wanted);
  const known = await findCode(tx, code);
  if (known && (known.tenantId !== tenant.id || wanted === undefined)) throw violation("code-taken", { code });
  if (known) return code;
  const first = (await countOwned(tx, "enterprise_code", tenant.id)) === 0;
  await insertCode(tx, { code, tenantId: tenant.id, isDefault: Number(first), createdAt: now });
  return code;
}

/** Orders an instance as the product sells it: with a term, not bound to a CCN, without addresses or accounts. */
export async function orderInstance(
  change: Change,
  tenant: Tenant,
  wanted: { region: string; userCount: number; dataPlan: number; months: number },
): Promise<Instance> {
  const { tx, now } = change;
  await requireOneMore(change, tenant);
  await requireUserCount(change, tenant.id, wanted.userCount);
  const id = newId("sag");
  const end = addMonths(now, wanted.months);
  const row = await insertInstance(tx, {
    id,
    tenantId: tenant.id,
    name: id,
    enterpriseCode: await defaultCode(change, tenant),
    ccnId: await defaultCcn(tx, tenant.id),
    ...policy,
    createdAt: now,
    region: wanted.region,
    userCount: wanted.userCount,
    dataPlan: wanted.dataPlan,
    endTime: end,
  });
  change.after(async () => change.context.sweeper.by(end));
  return row;
}
