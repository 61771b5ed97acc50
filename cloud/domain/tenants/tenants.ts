import { randomBytes, randomInt } from "node:crypto";
import { newId, newUid } from "../../base/ids.ts";
import { Secret } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import type { AccessKey, KeyRole } from "../../store/queries/access-keys.ts";
import * as keys from "../../store/queries/access-keys.ts";
import {
  allTenants,
  findDefaultTenant,
  findTenant,
  findTenantByName,
  insertTenant,
  type Tenant,
} from "../../store/queries/tenants.ts";
import type { Change } from "../change.ts";
import { newDefaults } from "../instances/defaults.ts";
import { violation } from "../rules.ts";

export type { AccessKey, KeyRole, Tenant };

export async function defaultTenant(db: Db): Promise<Tenant> {
  const tenant = await findDefaultTenant(db);
  if (!tenant) throw new Error("there is no default account");
  return tenant;
}

export async function tenantByName(db: Db, name: string): Promise<Tenant> {
  const tenant = await findTenantByName(db, name);
  if (!tenant) throw violation("no-tenant", { name });
  return tenant;
}

export const tenantById = findTenant;

/** Whether this is the number of the product account `tenantId`; undefined = the caller said none. */
export async function isNumberOf(db: Db, tenantId: string, uid: number | undefined): Promise<boolean> {
  return uid === undefined || (await findTenant(db, tenantId))?.uid === uid;
}

export const listTenants = allTenants;

export async function createTenant(change: Change, name: string): Promise<Tenant> {
  const { tx, now } = change;
  const tenant = { id: newId("tnt"), uid: newUid(), name, isDefault: false };
  if (!(await insertTenant(tx, tenant, now))) {
    throw violation("tenant-exists", { name });
  }
  await newDefaults(tx, tenant.id, now);
  await change.audit(tenant.id, null, { name, uid: tenant.uid });
  return tenant;
}

const alphanumeric = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/**
 * Creates an access key. Its secret is stored in plain text, because verifying a signature requires it; it is in keys.db, which backups
 * do not contain.
 */
export async function createAccessKey(
  change: Change,
  tenant: Tenant,
  role: KeyRole,
): Promise<{ key: AccessKey; secret: Secret }> {
  const { tx, now } = change;
  const random = Array.from({ length: 20 }, () => alphanumeric[randomInt(alphanumeric.length)]).join("");
  const key = { id: `SAGK${random}`, tenantId: tenant.id, role, active: true, createdAt: now };
  const secret = new Secret(randomBytes(24).toString("base64url"));
  await keys.insertAccessKey(tx, key, secret.reveal());
  await change.audit(key.id, null, { tenant: tenant.name, role });
  return { key, secret };
}

export const listAccessKeys = (db: Db, tenant: Tenant): Promise<AccessKey[]> => keys.accessKeysOf(db, tenant.id);

async function ownKey(db: Db, tenant: Tenant, id: string): Promise<AccessKey> {
  const key = await keys.findAccessKey(db, id);
  if (key?.tenantId !== tenant.id) throw violation("no-key", { id });
  return key;
}

export async function setAccessKeyActive(change: Change, tenant: Tenant, id: string, active: boolean): Promise<void> {
  const key = await ownKey(change.tx, tenant, id);
  await keys.setAccessKeyActive(change.tx, id, active);
  await change.audit(id, { active: key.active }, { active });
}

export async function deleteAccessKey(change: Change, tenant: Tenant, id: string): Promise<void> {
  const key = await ownKey(change.tx, tenant, id);
  await keys.deleteAccessKey(change.tx, id);
  await change.audit(id, { role: key.role, active: key.active }, null);
}
