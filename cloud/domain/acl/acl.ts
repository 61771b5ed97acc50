import type { Kysely, Selectable } from "kysely";
import { newId } from "../../base/ids.ts";
import { parseCidr } from "../../base/ip.ts";
import type { AclRuleTable, AclTable, Schema } from "../../store/schema.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { requireQuota } from "../quotas/limits.ts";
import { broken } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

type Db = Kysely<Schema>;
export type AclRow = Selectable<AclTable>;
export type AclRuleRow = Selectable<AclRuleTable>;

export async function ownAcl(db: Db, tenant: Tenant, id: string, region?: string): Promise<AclRow> {
  const row = await db
    .selectFrom("acl")
    .selectAll()
    .where("id", "=", id)
    .where("tenant_id", "=", tenant.id)
    .executeTakeFirst();
  if (!row || (region !== undefined && row.region !== region)) {
    throw broken("InvalidAclId", `The specified access control list ${id} does not exist.`);
  }
  return row;
}

export async function createAcl(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; type: string; region: string },
): Promise<AclRow> {
  const { tx, now } = change;
  const own = tx.selectFrom("acl").where("tenant_id", "=", tenant.id);
  await requireQuota(tx, tenant.id, "acls-per-account", own, (limit) =>
    broken("AclAmountLimit", `An account has at most ${limit} access control lists.`),
  );
  const row: AclRow = { id: newId("acl"), tenant_id: tenant.id, created_at: now, ...wanted };
  await tx.insertInto("acl").values(row).execute();
  await change.audit(row.id, null, wanted);
  return row;
}

export async function renameAcl(change: Change, acl: AclRow, name: string): Promise<void> {
  await change.tx.updateTable("acl").set({ name }).where("id", "=", acl.id).execute();
  await change.audit(acl.id, { name: acl.name }, { name });
}

export async function deleteAcl(change: Change, acl: AclRow): Promise<void> {
  const { tx } = change;
  const used = await tx
    .selectFrom("acl_instance")
    .select("instance_id")
    .where("acl_id", "=", acl.id)
    .executeTakeFirst();
  if (used) throw broken("ACL.InUse", `${acl.id} is associated with ${used.instance_id}; disassociate it first.`);
  await tx.deleteFrom("acl").where("id", "=", acl.id).execute();
  await change.audit(acl.id, { name: acl.name }, null);
}

export type RuleValues = Omit<AclRuleRow, "id" | "acl_id" | "created_at">;

/** "from/to" in 1-65535, or -1/-1 for all; ICMP and ALL have no ports. */
function requirePorts(parameter: string, range: string, protocol: string): void {
  const match = /^(-1|\d{1,5})\/(-1|\d{1,5})$/.exec(range);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  const all = from === -1 && to === -1;
  if (!match || (!all && (from < 1 || to > 65_535 || from > to))) {
    throw broken(`Invalid${parameter}`, `${parameter} is a range in 1-65535 such as 80/80, or -1/-1 for all.`);
  }
  if (!all && ["ALL", "ICMP", "GRE"].includes(protocol.toUpperCase())) {
    throw broken(`Invalid${parameter}`, `${parameter} must be -1/-1 for the protocol ${protocol}.`);
  }
}

function requireRule(rule: RuleValues): void {
  for (const [parameter, text] of [
    ["SourceCidr", rule.source_cidr],
    ["DestCidr", rule.dest_cidr],
  ] as const) {
    if (!parseCidr(text)) throw broken(`Invalid${parameter}`, `${parameter} must be a prefix such as 10.0.0.0/8.`);
  }
  requirePorts("SourcePortRange", rule.source_ports, rule.protocol);
  requirePorts("DestPortRange", rule.dest_ports, rule.protocol);
}

export async function addRule(change: Change, acl: AclRow, values: RuleValues): Promise<AclRuleRow> {
  const { tx, now } = change;
  requireRule(values);
  const own = tx.selectFrom("acl_rule").where("acl_id", "=", acl.id);
  await requireQuota(tx, acl.tenant_id, "rules-per-acl", own, (limit) =>
    broken("AcrPerAclAmountLimit", `An access control list has at most ${limit} rules.`),
  );
  const row: AclRuleRow = { id: newId("acr"), acl_id: acl.id, created_at: now, ...values };
  await tx.insertInto("acl_rule").values(row).execute();
  await change.audit(row.id, null, row);
  change.networks();
  return row;
}

export async function ruleOf(db: Db, acl: AclRow, id: string): Promise<AclRuleRow> {
  const row = await db
    .selectFrom("acl_rule")
    .selectAll()
    .where("id", "=", id)
    .where("acl_id", "=", acl.id)
    .executeTakeFirst();
  if (!row) throw broken("InvalidAcrId", `The specified rule ${id} does not exist.`);
  return row;
}

export async function modifyRule(change: Change, rule: AclRuleRow, wanted: Partial<RuleValues>): Promise<AclRuleRow> {
  const after = { ...rule, ...wanted };
  requireRule(after);
  await change.tx.updateTable("acl_rule").set(after).where("id", "=", rule.id).execute();
  await change.audit(rule.id, rule, after);
  change.networks();
  return after;
}

export async function deleteRule(change: Change, rule: AclRuleRow): Promise<void> {
  await change.tx.deleteFrom("acl_rule").where("id", "=", rule.id).execute();
  await change.audit(rule.id, rule, null);
  change.networks();
}

/** One list per instance. */
export async function associateAcl(change: Change, tenant: Tenant, acl: AclRow, instanceId: string): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, instanceId);
  if (acl.type !== "acl-software")
    throw broken("ACL.InvalidType", "A software instance takes lists of type acl-software.");
  if (acl.region !== instance.region)
    throw broken("InvalidAclId", `${acl.id} is in ${acl.region}, the instance in ${instance.region}.`);
  const known = await tx
    .selectFrom("acl_instance")
    .select("acl_id")
    .where("instance_id", "=", instanceId)
    .executeTakeFirst();
  if (known?.acl_id === acl.id) return;
  if (known) throw broken("AclPerSmartagAmountLimit", `${instanceId} has the list ${known.acl_id} already.`);
  await tx.insertInto("acl_instance").values({ instance_id: instanceId, acl_id: acl.id }).execute();
  await change.audit(instanceId, { acl: null }, { acl: acl.id });
  change.networks();
}

export async function disassociateAcl(change: Change, tenant: Tenant, acl: AclRow, instanceId: string): Promise<void> {
  await ownInstance(change.tx, tenant, instanceId);
  const { numDeletedRows } = await change.tx
    .deleteFrom("acl_instance")
    .where("instance_id", "=", instanceId)
    .where("acl_id", "=", acl.id)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw broken("InvalidAclId", `${acl.id} is not associated with ${instanceId}.`);
  await change.audit(instanceId, { acl: acl.id }, { acl: null });
  change.networks();
}
