import { renewInstance, setLocked } from "../../../../domain/instances/administer.ts";
import { noInstance } from "../../../../domain/instances/own.ts";
import { listQuotas, setQuota } from "../../../../domain/quotas/limits.ts";
import {
  createAccessKey,
  createTenant,
  deleteAccessKey,
  listAccessKeys,
  listTenants,
  setAccessKeyActive,
  type Tenant,
  tenantByName,
} from "../../../../domain/tenants/tenants.ts";
import { type Call, group, type Operation, type Role, roles } from "../protocol/operation.ts";
import { isoTime, required, sagId, text, truth, whole } from "./common.ts";

const operation = group("sag", "operating");

const tenantName = text({
  min: 2,
  max: 64,
  pattern: /^[0-9A-Za-z][0-9A-Za-z_.-]*$/,
  rule: "2-64 letters, digits, _ . -",
});
const ofTenant = { Tenant: text({ max: 64, rule: "an account's name; one's own if absent" }) };
const key = { KeyId: required(text({ max: 64 })) };

async function tenantOf(call: Call, name: string | undefined): Promise<Tenant> {
  return name === undefined ? call.caller.tenant : tenantByName(call.context.store, name);
}

/** Those who run the server lock and renew instances of any account. */
async function anyInstance(db: Call["context"]["store"], id: string) {
  const row = await db.selectFrom("instance").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw noInstance(id);
  return row;
}

export const operatingOperations: Operation[] = [
  operation("CreateTenant", {
    access: "operate",
    summary: "Makes another account of the product: an owner of instances, networks and keys.",
    parameters: { Name: required(tenantName) },
    async run(call, v) {
      const tenant = await call.change((change) => createTenant(change, v.Name));
      return { TenantId: tenant.id, Name: tenant.name, Uid: tenant.uid };
    },
  }),
  operation("DescribeTenants", {
    access: "operate",
    summary: "Lists the accounts of the product.",
    parameters: {},
    async run(call) {
      const all = await listTenants(call.context.store);
      const Tenant = all.map(({ id, name, uid, isDefault }) => ({
        TenantId: id,
        Name: name,
        Uid: uid,
        IsDefault: isDefault,
      }));
      return { Tenants: { Tenant } };
    },
  }),
  operation("CreateAccessKey", {
    access: "operate",
    summary: "Makes an access key with a role; the secret is told this once.",
    parameters: { ...ofTenant, Role: required(text({ oneOf: roles })) },
    async run(call, v) {
      const tenant = await tenantOf(call, v.Tenant);
      const { key: made, secret } = await call.change((change) => createAccessKey(change, tenant, v.Role as Role));
      return {
        AccessKeyId: made.id,
        AccessKeySecret: secret.reveal(),
        Role: made.role,
        Tenant: tenant.name,
        Uid: tenant.uid,
      };
    },
  }),
  operation("DescribeAccessKeys", {
    access: "operate",
    summary: "Lists access keys, without their secrets.",
    parameters: ofTenant,
    async run(call, v) {
      const all = await listAccessKeys(call.context.store, await tenantOf(call, v.Tenant));
      const AccessKey = all.map(({ id, role, active, createdAt }) => ({
        AccessKeyId: id,
        Role: role,
        Active: active,
        CreateTime: isoTime(createdAt),
      }));
      return { AccessKeys: { AccessKey } };
    },
  }),
  operation("UpdateAccessKey", {
    access: "operate",
    summary: "Disables or enables an access key.",
    parameters: { ...ofTenant, ...key, Active: required(truth()) },
    async run(call, v) {
      const tenant = await tenantOf(call, v.Tenant);
      await call.change((change) => setAccessKeyActive(change, tenant, v.KeyId, v.Active));
      return {};
    },
  }),
  operation("DeleteAccessKey", {
    access: "operate",
    summary: "Deletes an access key.",
    parameters: { ...ofTenant, ...key },
    async run(call, v) {
      const tenant = await tenantOf(call, v.Tenant);
      await call.change((change) => deleteAccessKey(change, tenant, v.KeyId));
      return {};
    },
  }),
  operation("DescribeQuotas", {
    access: "operate",
    summary: "Lists an account's limits.",
    parameters: ofTenant,
    async run(call, v) {
      const all = await listQuotas(call.context.store, await tenantOf(call, v.Tenant));
      const Quota = all.map(({ name, what, value, standard }) => ({
        Name: name,
        Value: value,
        Standard: standard,
        What: what,
      }));
      return { Quotas: { Quota } };
    },
  }),
  operation("SetQuota", {
    access: "operate",
    summary: "Raises or lowers one of them.",
    parameters: { ...ofTenant, Name: required(text({ max: 64 })), Value: required(whole({ min: 1 })) },
    async run(call, v) {
      const tenant = await tenantOf(call, v.Tenant);
      await call.change((change) => setQuota(change, tenant, v.Name, v.Value));
      return {};
    },
  }),
  operation("RenewInstance", {
    access: "operate",
    summary: "Moves an instance's end so many months on.",
    parameters: { SmartAGId: required(sagId), Period: required(whole({ min: 1, max: 120 })) },
    async run(call, v) {
      const end = await call.change(async (change) =>
        renewInstance(change, await anyInstance(change.tx, v.SmartAGId), v.Period),
      );
      return { EndTime: end };
    },
  }),
  operation("SetInstanceLock", {
    access: "operate",
    summary: "Locks an instance, which cuts off all of its users, or unlocks it.",
    parameters: { SmartAGId: required(sagId), Locked: required(truth()) },
    async run(call, v) {
      await call.change(async (change) => setLocked(change, await anyInstance(change.tx, v.SmartAGId), v.Locked));
      return {};
    },
  }),
];
