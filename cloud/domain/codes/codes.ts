import type { Kysely, Selectable } from "kysely";
import { newCode } from "../../base/ids.ts";
import type { EnterpriseCodeTable, Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { limitOf } from "../quotas/limits.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

type Db = Kysely<Schema>;
export type CodeRow = Selectable<EnterpriseCodeTable>;

export async function ownCode(db: Db, tenant: Tenant, code: string): Promise<CodeRow> {
  const row = await db
    .selectFrom("enterprise_code")
    .selectAll()
    .where("code", "=", code.toUpperCase())
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row) throw broken("InvalidEnterpriseCode", `The enterprise code ${code} does not exist.`);
  return row;
}

/** Codes are unique over all accounts, since a code alone has to find its instances. */
export async function createCode(change: Change, tenant: Tenant, wanted: string): Promise<CodeRow> {
  const { tx, now } = change;
  const code = wanted.toUpperCase();
  const taken = await tx.selectFrom("enterprise_code").select("code").where("code", "=", code).executeTakeFirst();
  if (taken) throw broken("EnterpriseCode.AlreadyExist", `The enterprise code ${code} is taken.`);
  const own = await tx.selectFrom("enterprise_code").select("code").where("tenant_id", "=", tenant.id).execute();
  const limit = await limitOf(tx, tenant.id, "codes-per-account");
  if (own.length >= limit)
    throw broken("QuotaExceeded.EnterpriseCode", `An account has at most ${limit} enterprise codes.`);
  const row: CodeRow = { code, tenant_id: tenant.id, is_default: own.length === 0 ? 1 : 0, created_at: now };
  await tx.insertInto("enterprise_code").values(row).execute();
  await change.audit(code, null, { isDefault: row.is_default === 1 });
  return row;
}

/** The code of instances that nobody names one for; made with the first of them. */
export async function defaultCode(change: Change, tenant: Tenant): Promise<string> {
  const { tx } = change;
  const row = await tx
    .selectFrom("enterprise_code")
    .select("code")
    .where("tenant_id", "=", tenant.id)
    .where("is_default", "=", 1)
    .executeTakeFirst();
  if (row) return row.code;
  const made = await createCode(change, tenant, newCode());
  await tx.updateTable("enterprise_code").set({ is_default: 1 }).where("code", "=", made.code).execute();
  return made.code;
}

/** Changing the default touches later instances only. There is always exactly one. */
export async function setDefaultCode(change: Change, tenant: Tenant, row: CodeRow, isDefault: boolean): Promise<void> {
  const { tx } = change;
  if (!isDefault) {
    if (row.is_default === 0) return;
    throw broken(
      "EnterpriseCode.DefaultRequired",
      "There is always one default code: make another one the default instead.",
    );
  }
  await tx.updateTable("enterprise_code").set({ is_default: 0 }).where("tenant_id", "=", tenant.id).execute();
  await tx.updateTable("enterprise_code").set({ is_default: 1 }).where("code", "=", row.code).execute();
  await change.audit(row.code, { isDefault: row.is_default === 1 }, { isDefault: true });
}

export async function deleteCode(change: Change, row: CodeRow): Promise<void> {
  const { tx } = change;
  if (row.is_default === 1)
    throw broken("EnterpriseCode.DefaultCannotDelete", "The default enterprise code cannot be deleted.");
  const bound = await tx.selectFrom("instance").select("id").where("enterprise_code", "=", row.code).executeTakeFirst();
  if (bound) throw broken("EnterpriseCode.Bound", `The enterprise code is used by ${bound.id}.`);
  await tx.deleteFrom("enterprise_code").where("code", "=", row.code).execute();
  await change.audit(row.code, { isDefault: false }, null);
}

/** No user name may then exist twice under the code: a person names code and user, and has to mean one account. */
export async function useCode(
  change: Change,
  tenant: Tenant,
  wanted: { instanceId: string; region: string; code: string },
): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, wanted.instanceId, wanted.region);
  const row = await ownCode(tx, tenant, wanted.code);
  if (instance.enterprise_code === row.code) return;
  const namesake = await tx
    .selectFrom("account as ours")
    .innerJoin("account as theirs", "theirs.user_name", "ours.user_name")
    .innerJoin("instance", "instance.id", "theirs.instance_id")
    .select("ours.user_name")
    .where("ours.instance_id", "=", instance.id)
    .where("instance.enterprise_code", "=", row.code)
    .where("instance.id", "!=", instance.id)
    .executeTakeFirst();
  if (namesake) {
    throw broken(
      "EnterpriseCode.UserNameConflict",
      `${namesake.user_name} exists in another instance of the code ${row.code}.`,
    );
  }
  await tx.updateTable("instance").set({ enterprise_code: row.code }).where("id", "=", instance.id).execute();
  await change.audit(instance.id, { enterpriseCode: instance.enterprise_code }, { enterpriseCode: row.code });
}
