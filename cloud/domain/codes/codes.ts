import { newCode } from "../../base/ids.ts";
import type { Db } from "../../store/db.ts";
import { lockCode, lockTenant } from "../../store/locks.ts";
import * as codes from "../../store/queries/codes.ts";
import { codePage } from "../../store/queries/listings/people.ts";
import { countOwned } from "../../store/queries/quotas.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

/** A code by which clients find the instances of an account. */
export interface EnterpriseCode {
  /** Upper case. */
  code: string;
  /** It is given to instances created without one. */
  isDefault: boolean;
}

export async function ownCode(db: Db, tenant: Tenant, code: string): Promise<EnterpriseCode> {
  const row = await codes.findCode(db, code.toUpperCase());
  if (row?.tenant_id !== tenant.id) throw violation("no-code", { code });
  return { code: row.code, isDefault: row.is_default === 1 };
}

/** Codes in their order, those after `after`; `total` counts the ones before it too. */
export async function listCodes(
  db: Db,
  tenantId: string,
  filter: { code?: string | undefined; isDefault?: boolean | undefined; after?: string | undefined },
  limit: number,
): Promise<{ rows: EnterpriseCode[]; total: number }> {
  const { rows, total } = await codePage(db, tenantId, filter, limit);
  return { rows: rows.map((row) => ({ code: row.code, isDefault: row.is_default === 1 })), total };
}

/** Codes are unique over all accounts, since a code alone has to find its instances. */
export async function createCode(change: Change, tenant: Tenant, wanted: string): Promise<EnterpriseCode> {
  const made = await addCode(change, tenant, wanted);
  await change.audit(made.code, null, { isDefault: made.isDefault });
  return made;
}

async function addCode({ tx, now }: Change, tenant: Tenant, wanted: string): Promise<EnterpriseCode> {
  const code = wanted.toUpperCase();
  await lockTenant(tx, tenant.id);
  const own = await countOwned(tx, "enterprise_code", tenant.id);
  const isDefault = own === 0;
  const row = { code, tenant_id: tenant.id, is_default: isDefault ? 1 : 0, created_at: now };
  if (!(await codes.insertCode(tx, row))) throw violation("code-taken", { code });
  const limit = await limitOf(tx, tenant.id, "codes-per-account");
  if (own >= limit) throw violation("code-limit", { limit });
  return { code, isDefault };
}

/** The code of instances created without one; made with the first of them. */
export async function defaultCode(change: Change, tenant: Tenant): Promise<string> {
  const { tx } = change;
  await lockTenant(tx, tenant.id);
  const known = await codes.findDefaultCode(tx, tenant.id);
  if (known) return known.code;
  const made = await addCode(change, tenant, newCode());
  await codes.setDefaultCode(tx, tenant.id, made.code);
  return made.code;
}

/** Changing the default touches later instances only. There is always exactly one. */
export async function setDefaultCode(
  change: Change,
  tenant: Tenant,
  own: EnterpriseCode,
  isDefault: boolean,
): Promise<void> {
  const { tx } = change;
  if (!isDefault) {
    if (!own.isDefault) return;
    throw violation("code-default-required");
  }
  await lockTenant(tx, tenant.id);
  await codes.setDefaultCode(tx, tenant.id, own.code);
  await change.audit(own.code, { isDefault: own.isDefault }, { isDefault: true });
}

export async function deleteCode(change: Change, own: EnterpriseCode): Promise<void> {
  const { tx } = change;
  if (own.isDefault) throw violation("code-is-default");
  await lockCode(tx, own.code);
  const bound = await codes.instanceWithCode(tx, own.code);
  if (bound !== undefined) throw violation("code-in-use", { instance: bound });
  await codes.deleteCode(tx, own.code);
  await change.audit(own.code, { isDefault: false }, null);
}

/** No user name may then exist twice under the code: a person names code and user, and has to mean one account. */
export async function useCode(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region?: string | undefined; code: string },
): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  const own = await ownCode(tx, tenant, wanted.code);
  if (instance.enterprise_code === own.code) return;
  await lockCode(tx, own.code);
  const namesake = await codes.namesakeUnderCode(tx, instance.id, own.code);
  if (namesake !== undefined) {
    throw violation("code-namesake", { user: namesake, code: own.code });
  }
  await codes.setInstanceCode(tx, instance.id, own.code);
  await change.audit(instance.id, { enterpriseCode: instance.enterprise_code }, { enterpriseCode: own.code });
}
