import { randomBytes, randomInt } from "node:crypto";
import type { Kysely } from "kysely";
import { newId, newUid } from "../../base/ids.ts";
import { Secret } from "../../security/secret.ts";
import type { Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { newDefaults } from "../instances/defaults.ts";
import { broken } from "../rules.ts";

/** One of the product's accounts: the owner of instances, networks and keys. */
export interface Tenant {
  id: string;
  /** The number by which accounts grant things to each other. */
  uid: number;
  name: string;
  isDefault: boolean;
}

type Db = Kysely<Schema>;

interface TenantRow {
  id: string;
  uid: number | null;
  name: string;
  is_default: number;
}

const asTenant = (row: TenantRow): Tenant => ({
  id: row.id,
  uid: row.uid ?? 0,
  name: row.name,
  isDefault: row.is_default === 1,
});

export async function defaultTenant(db: Db): Promise<Tenant> {
  return asTenant(await db.selectFrom("tenant").selectAll().where("is_default", "=", 1).executeTakeFirstOrThrow());
}

export async function tenantByName(db: Db, name: string): Promise<Tenant> {
  const row = await db.selectFrom("tenant").selectAll().where("name", "=", name).executeTakeFirst();
  if (!row) throw broken("Tenant.NotFound", `There is no account named ${name}.`);
  return asTenant(row);
}

export async function tenantById(db: Db, id: string): Promise<Tenant | undefined> {
  const row = await db.selectFrom("tenant").selectAll().where("id", "=", id).executeTakeFirst();
  return row && asTenant(row);
}

export async function listTenants(db: Db): Promise<Tenant[]> {
  return (await db.selectFrom("tenant").selectAll().orderBy("created_at").orderBy("id").execute()).map(asTenant);
}

export async function createTenant(change: Change, name: string): Promise<Tenant> {
  const { tx, now } = change;
  if (await tx.selectFrom("tenant").select("id").where("name", "=", name).executeTakeFirst()) {
    throw broken("Tenant.AlreadyExists", `There is an account named ${name} already.`);
  }
  const row = { id: newId("tnt"), uid: newUid(), name, is_default: 0, created_at: now };
  await tx.insertInto("tenant").values(row).execute();
  await newDefaults(tx, row.id, now);
  await change.audit(row.id, null, { name, uid: row.uid });
  return asTenant(row);
}

export type KeyRole = "administrator" | "read-only" | "accounts-only";

export interface AccessKey {
  id: string;
  tenantId: string;
  role: KeyRole;
  active: boolean;
  /** Epoch ms. */
  createdAt: number;
}

const asKey = (row: {
  id: string;
  tenant_id: string;
  role: string;
  active: number;
  created_at: number;
}): AccessKey => ({
  id: row.id,
  tenantId: row.tenant_id,
  role: row.role as KeyRole,
  active: row.active === 1,
  createdAt: row.created_at,
});

const alphanumeric = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/** The secret is kept as it is, since a signature can only be checked with it; in the part of the store that no backup takes. */
export async function createAccessKey(
  change: Change,
  tenant: Tenant,
  role: KeyRole,
): Promise<{ key: AccessKey; secret: Secret }> {
  const { tx, now } = change;
  const random = Array.from({ length: 20 }, () => alphanumeric[randomInt(alphanumeric.length)]).join("");
  const row = { id: `SAGK${random}`, tenant_id: tenant.id, role, active: 1, created_at: now };
  const secret = new Secret(randomBytes(24).toString("base64url"));
  await tx.insertInto("access_key").values(row).execute();
  await tx.insertInto("keys.access_key_secret").values({ access_key_id: row.id, value: secret.reveal() }).execute();
  await change.audit(row.id, null, { tenant: tenant.name, role });
  return { key: asKey(row), secret };
}

export async function listAccessKeys(db: Db, tenant: Tenant): Promise<AccessKey[]> {
  const rows = db.selectFrom("access_key").selectAll().where("tenant_id", "=", tenant.id);
  return (await rows.orderBy("created_at").orderBy("id").execute()).map(asKey);
}

async function ownKey(db: Db, tenant: Tenant, id: string): Promise<AccessKey> {
  const row = await db
    .selectFrom("access_key")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row) throw broken("AccessKey.NotFound", `There is no access key ${id}.`);
  return asKey(row);
}

export async function setAccessKeyActive(change: Change, tenant: Tenant, id: string, active: boolean): Promise<void> {
  const key = await ownKey(change.tx, tenant, id);
  await change.tx
    .updateTable("access_key")
    .set({ active: active ? 1 : 0 })
    .where("id", "=", id)
    .execute();
  await change.audit(id, { active: key.active }, { active });
}

export async function deleteAccessKey(change: Change, tenant: Tenant, id: string): Promise<void> {
  const key = await ownKey(change.tx, tenant, id);
  await change.tx.deleteFrom("keys.access_key_secret").where("access_key_id", "=", id).execute();
  await change.tx.deleteFrom("access_key").where("id", "=", id).execute();
  await change.audit(id, { role: key.role, active: key.active }, null);
}
