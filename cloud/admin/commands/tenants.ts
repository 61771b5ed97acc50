import { z } from "zod";
import { textRules } from "../../domain/limits/text.ts";
import { listQuotas, setQuota } from "../../domain/quotas/limits.ts";
import {
  createAccessKey,
  createTenant,
  deleteAccessKey,
  listAccessKeys,
  listTenants,
  setAccessKeyActive,
  type Tenant,
  tenantByName,
} from "../../domain/tenants/tenants.ts";
import { type AnyCommand, changing, type Reading, reading } from "../command.ts";
import { textOf } from "./common.ts";

const text = z.string().max(64);
/** The product account to act on; default: the caller's. */
const of = { tenant: text.optional() };

const tenantOf = ({ db, caller }: Pick<Reading, "db" | "caller">, name: string | undefined): Promise<Tenant> =>
  name === undefined ? Promise.resolve(caller.tenant) : tenantByName(db, name);

export const tenantCreate = changing({
  name: "tenant create",
  access: "operate",
  input: z.strictObject({ name: textOf(textRules.tenantName) }),
  handle: (change, p) => createTenant(change, p.name),
});

export const tenantList = reading({
  name: "tenant list",
  access: "operate",
  input: z.strictObject({}),
  read: ({ db }) => listTenants(db),
});

export const keyCreate = changing({
  name: "access-key create",
  access: "operate",
  input: z.strictObject({ ...of, role: z.enum(["administrator", "read-only", "accounts-only"]) }),
  async handle(change, p) {
    const tenant = await tenantOf(change, p.tenant);
    const { key, secret } = await createAccessKey(change, tenant, p.role);
    return {
      accessKeyId: key.id,
      accessKeySecret: secret.reveal(),
      role: key.role,
      tenant: tenant.name,
      uid: tenant.uid,
    };
  },
});

export const keyList = reading({
  name: "access-key list",
  access: "operate",
  input: z.strictObject(of),
  async read(at, p) {
    const all = await listAccessKeys(at.db, await tenantOf(at, p.tenant));
    return all.map(({ id, role, active, createdAt }) => ({ accessKeyId: id, role, active, createdAt }));
  },
});

const switching = (name: string, active: boolean) =>
  changing({
    name,
    access: "operate",
    input: z.strictObject({ ...of, id: text }),
    handle: async (change, p) => setAccessKeyActive(change, await tenantOf(change, p.tenant), p.id, active),
  });

export const keyEnable = switching("access-key enable", true);
export const keyDisable = switching("access-key disable", false);

export const keyDelete = changing({
  name: "access-key delete",
  access: "operate",
  input: z.strictObject({ ...of, id: text }),
  handle: async (change, p) => deleteAccessKey(change, await tenantOf(change, p.tenant), p.id),
});

export const quotaList = reading({
  name: "quota list",
  access: "operate",
  input: z.strictObject(of),
  read: async (at, p) => listQuotas(at.db, await tenantOf(at, p.tenant)),
});

export const quotaSet = changing({
  name: "quota set",
  access: "operate",
  input: z.strictObject({ ...of, name: text, value: z.number() }),
  handle: async (change, p) => setQuota(change, await tenantOf(change, p.tenant), p.name, p.value),
});

export const tenantCommands: readonly AnyCommand[] = [
  tenantCreate,
  tenantList,
  keyCreate,
  keyList,
  keyEnable,
  keyDisable,
  keyDelete,
  quotaList,
  quotaSet,
];
