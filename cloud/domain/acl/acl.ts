import { newId } from "../../base/ids.ts";
import { parseCidr } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockAcl } from "../../store/locks.ts";
import * as acls from "../../store/queries/acls.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";

export type AclRow = acls.AclRow;
export type AclRuleRow = acls.AclRuleRow;

/**
 * An ACL of this product account; outside `region` it is refused with another error than "not found", because clients treat that as
 * deleted.
 */
export async function ownAcl(db: Db, tenant: Tenant, id: string, region?: string): Promise<AclRow> {
  const row = await acls.findAcl(db, id);
  if (row?.tenant_id !== tenant.id) throw violation("no-acl", { acl: id });
  if (region !== undefined && row.region !== region) {
    throw violation("acl-elsewhere", { acl: id, region: row.region, wanted: region });
  }
  return row;
}

export async function createAcl(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; type: string; region: string },
): Promise<AclRow> {
  const { tx, now } = change;
  await requireQuota(tx, tenant.id, "acls-per-account", "acl", (limit) => violation("acl-limit", { limit }));
  const row: AclRow = { id: newId("acl"), tenant_id: tenant.id, created_at: now, ...wanted };
  await acls.insertAcl(tx, row);
  await change.audit(row.id, null, wanted);
  return row;
}

export async function renameAcl(change: Change, acl: AclRow, name: string): Promise<void> {
  await acls.renameAcl(change.tx, acl.id, name);
  await change.audit(acl.id, { name: acl.name }, { name });
}

export async function deleteAcl(change: Change, acl: AclRow): Promise<void> {
  const { tx } = change;
  await lockAcl(tx, acl.id);
  const used = await acls.instanceWithAcl(tx, acl.id);
  if (used !== undefined) throw violation("acl-in-use", { acl: acl.id, instance: used });
  await acls.deleteAcl(tx, acl.id);
  await change.audit(acl.id, { name: acl.name }, null);
}

export type RuleValues = Omit<AclRuleRow, "id" | "acl_id" | "created_at">;

/** Checks a port range: "from/to" in 1-65535, or -1/-1 for all. ICMP, GRE and ALL have no ports. */
function requirePorts(rule: "source-ports" | "dest-ports", range: string, protocol: string): void {
  const match = /^(-1|\d{1,5})\/(-1|\d{1,5})$/.exec(range);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  const all = from === -1 && to === -1;
  if (!match || (!all && (from < 1 || to > 65_535 || from > to))) {
    throw violation(rule);
  }
  if (!all && ["ALL", "ICMP", "GRE"].includes(protocol.toUpperCase())) {
    throw violation(`${rule}-protocol`, { protocol });
  }
}

function requireRule(rule: RuleValues): void {
  for (const [name, text] of [
    ["source-cidr", rule.source_cidr],
    ["dest-cidr", rule.dest_cidr],
  ] as const) {
    if (!parseCidr(text)) throw violation(name);
  }
  requirePorts("source-ports", rule.source_ports, rule.protocol);
  requirePorts("dest-ports", rule.dest_ports, rule.protocol);
}

export async function addRule(change: Change, acl: AclRow, values: RuleValues): Promise<AclRuleRow> {
  const { tx, now } = change;
  requireRule(values);
  await requireQuota(
    tx,
    acl.tenant_id,
    "rules-per-acl",
    () => acls.countRules(tx, acl.id),
    (limit) => violation("acl-rule-limit", { limit }),
  );
  const row: AclRuleRow = { id: newId("acr"), acl_id: acl.id, created_at: now, ...values };
  await acls.insertRule(tx, row);
  await change.audit(row.id, null, row);
  change.networks();
  return row;
}

export async function ruleOf(db: Db, acl: AclRow, id: string): Promise<AclRuleRow> {
  const row = await acls.findRule(db, acl.id, id);
  if (!row) throw violation("no-acl-rule", { id });
  return row;
}

export async function modifyRule(change: Change, rule: AclRuleRow, wanted: Partial<RuleValues>): Promise<AclRuleRow> {
  const after = { ...rule, ...wanted };
  requireRule(after);
  await acls.updateRule(change.tx, after);
  await change.audit(rule.id, rule, after);
  change.networks();
  return after;
}

export async function deleteRule(change: Change, rule: AclRuleRow): Promise<void> {
  await acls.deleteRule(change.tx, rule.id);
  await change.audit(rule.id, rule, null);
  change.networks();
}

/** Gives an instance an ACL; each instance can have only one. */
export async function associateAcl(change: Change, tenant: Tenant, acl: AclRow, instanceId: string): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, instanceId);
  if (acl.type !== "acl-software") throw violation("acl-type");
  if (acl.region !== instance.region)
    throw violation("acl-region", { acl: acl.id, region: acl.region, instance: instance.region });
  const { aclId, added } = await acls.associateAcl(tx, instanceId, acl.id);
  if (aclId !== acl.id) throw violation("acl-per-instance", { instance: instanceId, acl: aclId });
  if (!added) return;
  await change.audit(instanceId, { acl: null }, { acl: acl.id });
  change.networks();
}

export async function disassociateAcl(change: Change, tenant: Tenant, acl: AclRow, instanceId: string): Promise<void> {
  await ownInstance(change.tx, tenant, instanceId);
  if (!(await acls.disassociateAcl(change.tx, instanceId, acl.id))) {
    throw violation("acl-not-associated", { acl: acl.id, instance: instanceId });
  }
  await change.audit(instanceId, { acl: acl.id }, { acl: null });
  change.networks();
}
