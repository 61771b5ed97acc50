import { newId } from "../../base/ids.ts";
import { parseCidr, withoutHostBits } from "../../base/ip.ts";
import type { Db } from "../../store/db.ts";
import { lockAcl } from "../../store/locks.ts";
import * as acls from "../../store/queries/acls.ts";
import type { Account, Acl, AclRule, Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import { ownInstance } from "../instances/own.ts";
import { requireQuota } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { targetName } from "./names.ts";

/**
 * An ACL of this product account; outside `region` it is refused with another error than "not found", because clients treat that as
 * deleted.
 */
export async function ownAcl(db: Db, tenant: Tenant, id: string, region?: string): Promise<Acl> {
  const row = await acls.findAcl(db, id);
  if (row?.tenantId !== tenant.id) throw violation("no-acl", { acl: id });
  if (region !== undefined && row.region !== region) {
    throw violation("acl-elsewhere", { acl: id, region: row.region, wanted: region });
  }
  return row;
}

export async function createAcl(
  change: Change,
  tenant: Tenant,
  wanted: { name: string; type: string; region: string },
): Promise<Acl> {
  const { tx, now } = change;
  await requireQuota(tx, tenant.id, "acls-per-account", "acl", (limit) => violation("acl-limit", { limit }));
  const row: Acl = { id: newId("acl"), tenantId: tenant.id, createdAt: now, ...wanted };
  await acls.insertAcl(tx, row);
  await change.audit(row.id, null, wanted);
  return row;
}

export async function renameAcl(change: Change, acl: Acl, name: string): Promise<void> {
  await acls.renameAcl(change.tx, acl.id, name);
  await change.audit(acl.id, { name: acl.name }, { name });
}

export async function deleteAcl(change: Change, acl: Acl): Promise<void> {
  const { tx } = change;
  await lockAcl(tx, acl.id);
  const used = await acls.instanceWithAcl(tx, acl.id);
  if (used !== undefined) throw violation("acl-in-use", { acl: acl.id, instance: used });
  const user = await acls.accountWithAcl(tx, acl.id);
  if (user !== undefined) throw violation("acl-in-use-by-account", { acl: acl.id, user });
  await acls.deleteAcl(tx, acl.id);
  await change.audit(acl.id, { name: acl.name }, null);
}

export type RuleValues = Omit<AclRule, "id" | "aclId" | "createdAt">;

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
  // The remote end can also be a name.
  const remote = rule.direction === "out" ? "dest-cidr" : "source-cidr";
  for (const [name, text] of [
    ["source-cidr", rule.sourceCidr],
    ["dest-cidr", rule.destCidr],
  ] as const) {
    if (!parseCidr(text) && !(name === remote && targetName(text))) {
      throw violation(name, { prefix: withoutHostBits(text) });
    }
  }
  requirePorts("source-ports", rule.sourcePorts, rule.protocol);
  requirePorts("dest-ports", rule.destPorts, rule.protocol);
}

export async function addRule(change: Change, acl: Acl, values: RuleValues): Promise<AclRule> {
  const { tx, now } = change;
  requireRule(values);
  await requireQuota(
    tx,
    acl.tenantId,
    "rules-per-acl",
    () => acls.countRules(tx, acl.id),
    (limit) => violation("acl-rule-limit", { limit }),
  );
  const row: AclRule = { id: newId("acr"), aclId: acl.id, createdAt: now, ...values };
  await acls.insertRule(tx, row);
  await change.audit(row.id, null, row);
  change.networks();
  return row;
}

export async function ruleOf(db: Db, acl: Acl, id: string): Promise<AclRule> {
  const row = await acls.findRule(db, acl.id, id);
  if (!row) throw violation("no-acl-rule", { id });
  return row;
}

export async function modifyRule(change: Change, rule: AclRule, wanted: Partial<RuleValues>): Promise<AclRule> {
  const after = { ...rule, ...wanted };
  requireRule(after);
  await acls.updateRule(change.tx, after);
  await change.audit(rule.id, rule, after);
  change.networks();
  return after;
}

export async function deleteRule(change: Change, rule: AclRule): Promise<void> {
  await acls.deleteRule(change.tx, rule.id);
  await change.audit(rule.id, rule, null);
  change.networks();
}

/** Checks that an ACL may be used in an instance. */
function requireUsable(acl: Acl, instance: Instance): void {
  if (acl.type !== "acl-software") throw violation("acl-type");
  if (acl.region !== instance.region)
    throw violation("acl-region", { acl: acl.id, region: acl.region, instance: instance.region });
}

/** Gives an account an ACL, which comes before that of its instance; each account can have only one. */
export async function associateAccountAcl(
  change: Change,
  acl: Acl,
  instance: Instance,
  account: Account,
): Promise<void> {
  const { tx } = change;
  requireUsable(acl, instance);
  if (account.aclId === acl.id) return;
  await lockAcl(tx, acl.id);
  if (account.aclId !== null) throw violation("acl-per-account", { user: account.userName, acl: account.aclId });
  await acls.setAclOfAccount(tx, account.id, acl.id);
  await change.audit(account.id, { acl: null }, { acl: acl.id });
  change.networks();
}

export async function disassociateAccountAcl(change: Change, acl: Acl, account: Account): Promise<void> {
  if (account.aclId !== acl.id) throw violation("acl-not-of-account", { acl: acl.id, user: account.userName });
  await acls.setAclOfAccount(change.tx, account.id, null);
  await change.audit(account.id, { acl: acl.id }, { acl: null });
  change.networks();
}

/** Gives an instance an ACL; each instance can have only one. */
export async function associateAcl(change: Change, tenant: Tenant, acl: Acl, instanceId: string): Promise<void> {
  const { tx } = change;
  const instance = await ownInstance(tx, tenant, instanceId);
  requireUsable(acl, instance);
  const { aclId, added } = await acls.associateAcl(tx, instanceId, acl.id);
  if (aclId !== acl.id) throw violation("acl-per-instance", { instance: instanceId, acl: aclId });
  if (!added) return;
  await change.audit(instanceId, { acl: null }, { acl: acl.id });
  change.networks();
}

export async function disassociateAcl(change: Change, tenant: Tenant, acl: Acl, instanceId: string): Promise<void> {
  await ownInstance(change.tx, tenant, instanceId);
  if (!(await acls.disassociateAcl(change.tx, instanceId, acl.id))) {
    throw violation("acl-not-associated", { acl: acl.id, instance: instanceId });
  }
  await change.audit(instanceId, { acl: acl.id }, { acl: null });
  change.networks();
}
