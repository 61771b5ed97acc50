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

/** An enterprise code, with which clients find the instances of a product account. */
export interface EnterpriseCode {
  /** Upper case. */
  code: string;
  /** Used by instances that are created without a code. */
  isDefault: boolean;
}

export async function ownCode(db: Db, tenant: Tenant, code: string): Promise<EnterpriseCode> {
  const row = await codes.findCode(db, code.toUpperCase());
  if (row?.tenantId !== tenant.id) throw violation("no-code", { code });
  return { code: row.code, isDefault: row.isDefault === 1 };
}

/** Codes in ascending order, starting after `after`; `total` includes those before it. */
export async function listCodes(
  db: Db,
  tenantId: string,
  filter: { code?: string | undefined; isDefault?: boolean | undefined; after?: string | undefined },
  limit: number,
): Promise<{ rows: EnterpriseCode[]; total: number }> {
  const { rows, total } = await codePage(db, tenantId, filter, limit);
  return { rows: rows.map((row) => ({ code: row.code, isDefault: row.isDefault === 1 })), total };
}

/** Creates a code. Codes are unique across all product accounts, since a code alone identifies its instances. */
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
  const row = { code, tenantId: tenant.id, isDefault: isDefault ? 1 : 0, createdAt: now };
  if (!(await codes.insertCode(tx, row))) throw violation("code-taken", { code });
  const limit = await limitOf(tx, tenant.id, "codes-per-account");
  if (own >= limit) throw violation("code-limit", { limit });
  return { code, isDefault };
}

/** The code for instances that are created without one; generated on first use. */
export async function defaultCode(change: Change, tenant: Tenant): Promise<string> {
  const { tx } = change;
  await lockTenant(tx, tenant.id);
  const known = await codes.findDefaultCode(tx, tenant.id);
  if (known) return known.code;
  const made = await addCode(change, tenant, newCode());
  await codes.setDefaultCode(tx, tenant.id, made.code);
  return made.code;
}

/** Sets the default code, of which there is always exactly one. Existing instances keep theirs. */
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

/**
 * Changes the code of an instance. Refuses it if a user name would then exist twice under the code, since code and user name must
 * identify one account.
 */
export async function useCode(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region?: string | undefined; code: string },
): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  const own = await ownCode(tx, tenant, wanted.code);
  if (instance.enterpriseCode === own.code) return;
  await lockCode(tx, own.code);
  const namesake = await codes.namesakeUnderCode(tx, instance.id, own.code);
  if (namesake !== undefined) {
    throw violation("code-namesake", { user: namesake, code: own.code });
  }
  await codes.setInstanceCode(tx, instance.id, own.code);
  await change.audit(instance.id, { enterpriseCode: instance.enterpriseCode }, { enterpriseCode: own.code });
}
