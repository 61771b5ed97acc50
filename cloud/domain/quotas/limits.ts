import type { Message } from "../../base/say.ts";
import type { Db, Tx } from "../../store/db.ts";
import { lockTenant } from "../../store/locks.ts";
import { type Counted, countOwned, findQuota, putQuota, quotasOf } from "../../store/queries/quotas.ts";
import type { Change } from "../change.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { isQuota, type QuotaName, quotaCounts, quotas } from "./quotas.ts";

/** The effective limit of a product account. */
export async function limitOf(db: Db, tenantId: string, name: QuotaName): Promise<number> {
  return (await findQuota(db, tenantId, name)) ?? quotas[name].value;
}

/**
 * Refuses if the product account has reached its quota, counting the objects it owns or the result of `count`. The account's row stays
 * locked until the transaction ends, so that parallel requests cannot exceed the quota.
 */
export async function requireQuota(
  tx: Tx,
  tenantId: string,
  name: QuotaName,
  counted: Counted | (() => Promise<number>),
  refusal: (limit: number) => Error,
): Promise<void> {
  await lockTenant(tx, tenantId);
  const count = typeof counted === "string" ? await countOwned(tx, counted, tenantId) : await counted();
  const limit = await limitOf(tx, tenantId, name);
  if (count >= limit) throw refusal(limit);
}

/** A product account's quota of a kind of object, and how many it uses. */
export const usageOf = async (
  db: Db,
  tenant: Tenant,
  name: QuotaName,
  counted: Counted,
): Promise<{ limit: number; used: number }> => ({
  limit: await limitOf(db, tenant.id, name),
  used: await countOwned(db, counted, tenant.id),
});

export interface QuotaInForce {
  name: QuotaName;
  what: string;
  whatWords: Message;
  value: number;
  standard: number;
}

export async function listQuotas(db: Db, tenant: Tenant): Promise<QuotaInForce[]> {
  const set = await quotasOf(db, tenant.id);
  return (Object.keys(quotas) as QuotaName[]).map((name) => {
    const { value } = quotas[name];
    const whatWords = quotaCounts(name);
    return { name, what: whatWords.text, whatWords, value: set.get(name) ?? value, standard: value };
  });
}

export async function setQuota(change: Change, tenant: Tenant, name: string, value: number): Promise<void> {
  if (!isQuota(name)) throw violation("no-quota", { name, known: Object.keys(quotas).join(", ") });
  const most = quotas[name].most;
  if (value < 1 || value > most) throw violation("quota-range", { name, most });
  await lockTenant(change.tx, tenant.id);
  const before = await limitOf(change.tx, tenant.id, name);
  await putQuota(change.tx, tenant.id, name, value);
  await change.audit(`${tenant.id}/${name}`, { value: before }, { value });
}
