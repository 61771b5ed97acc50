import type { Kysely, SelectQueryBuilder } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { isQuota, type QuotaName, quotas } from "./quotas.ts";

type Db = Kysely<Schema>;

/** The limit in force for an account of the product. */
export async function limitOf(db: Db, tenantId: string, name: QuotaName): Promise<number> {
  const row = await db
    .selectFrom("quota")
    .select("value")
    .where("tenant_id", "=", tenantId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value ?? quotas[name].value;
}

/** That one more fits: `counted` are those that an account has already. */
export async function requireQuota<T extends keyof Schema>(
  db: Db,
  tenantId: string,
  name: QuotaName,
  counted: SelectQueryBuilder<Schema, T, object>,
  refusal: (limit: number) => Error,
): Promise<void> {
  const { count } = await counted.select((e) => e.fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  const limit = await limitOf(db, tenantId, name);
  if (count >= limit) throw refusal(limit);
}

export interface QuotaInForce {
  name: QuotaName;
  what: string;
  value: number;
  standard: number;
}

export async function listQuotas(db: Db, tenant: Tenant): Promise<QuotaInForce[]> {
  const rows = await db.selectFrom("quota").selectAll().where("tenant_id", "=", tenant.id).execute();
  const set = new Map(rows.map((row) => [row.name, row.value]));
  return Object.entries(quotas).map(([name, { what, value }]) => ({
    name: name as QuotaName,
    what,
    value: set.get(name) ?? value,
    standard: value,
  }));
}

export async function setQuota(change: Change, tenant: Tenant, name: string, value: number): Promise<void> {
  if (!isQuota(name))
    throw broken("InvalidQuota", `There is no quota ${name}; there are ${Object.keys(quotas).join(", ")}.`);
  const most = quotas[name].most;
  if (value < 1 || value > most) throw broken("InvalidQuota", `${name} is a whole number from 1 to ${most}.`);
  const before = await limitOf(change.tx, tenant.id, name);
  await change.tx
    .insertInto("quota")
    .values({ tenant_id: tenant.id, name, value })
    .onConflict((conflict) => conflict.columns(["tenant_id", "name"]).doUpdateSet({ value }))
    .execute();
  await change.audit(`${tenant.id}/${name}`, { value: before }, { value });
}
