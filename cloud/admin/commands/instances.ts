import { z } from "zod";
import {
  modifyInstance,
  removeEnd,
  removeInstance,
  renewInstance,
  resizeInstance,
  setLocked,
  setPolicy,
} from "../../domain/instances/change.ts";
import { createInstance, orderInstance } from "../../domain/instances/create.ts";
import { type InstanceView, listInstances, viewInstance } from "../../domain/instances/instances.ts";
import {
  addCidr,
  addRoutes,
  overlapWarnings,
  removeCidr,
  removeRoute,
  setCidrs,
} from "../../domain/instances/lists.ts";
import { textRules } from "../../domain/limits/text.ts";
import { cidrsOfInstance, instanceById } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import { type AnyCommand, type Changing, changing, reading } from "../command.ts";
import { enrolmentLink } from "../enrolment-link.ts";
import { operates } from "../run.ts";
import { type InstanceRef, instanceRef, textOf, theInstance } from "./common.ts";
import {
  dataPlan,
  region,
  renewalMonths,
  routingStrategy,
  securityLockThreshold,
  term,
  text,
  userCount,
} from "./values.ts";

const one = { instance: instanceRef.optional() };
export const many = z.array(z.string().max(300)).max(1_000);

/** A view with warnings about the change for the administrator. */
export interface Warned {
  warnings?: string[];
}

/** Changes one instance and audits its values before and after. */
export async function changingOne(
  change: Changing,
  ref: InstanceRef | undefined,
  work: (instance: Instance) => Promise<unknown>,
): Promise<InstanceView> {
  const instance = await theInstance(change, ref);
  const before = await viewInstance(change.tx, instance);
  await work(instance);
  const row = await instanceById(change.tx, instance.id);
  const after = await viewInstance(change.tx, row ?? instance);
  await change.audit(instance.id, before, after);
  return after;
}

export const instanceCreate = changing({
  name: "instance create",
  access: "operate",
  input: z.strictObject({
    name: textOf(textRules.instanceName),
    cidrs: many,
    code: z.string().optional(),
    ccn: z.string().optional(),
  }),
  async handle(change, p): Promise<InstanceView & Warned> {
    const row = await createInstance(change, change.caller.tenant, p);
    const view = await viewInstance(change.tx, row);
    await change.audit(row.id, null, view);
    const warnings = await overlapWarnings(change.tx, row, { cidrs: view.cidrs });
    return warnings.length === 0 ? view : { ...view, warnings };
  },
});

export const instanceOrder = changing({
  name: "instance order",
  access: "write",
  input: z.strictObject({ region, userCount, dataPlan, months: term }),
  async handle(change, p) {
    const row = await orderInstance(change, change.caller.tenant, p);
    await change.audit(row.id, null, { region: row.region, userCount: row.userCount, endTime: row.endTime });
    return { id: row.id };
  },
});

const sizes = z.strictObject({ ...one, userCount, dataPlan });
const resizing = (name: string, up: boolean) =>
  changing({
    name,
    access: "write",
    input: sizes,
    async handle(change, p) {
      const instance = await theInstance(change, p.instance);
      await resizeInstance(change, instance, { userCount: p.userCount, dataPlan: p.dataPlan, up });
      await change.audit(instance.id, { userCount: instance.userCount }, { userCount: p.userCount });
      return { id: instance.id };
    },
  });

export const instanceUpgrade = resizing("instance upgrade", true);
export const instanceDowngrade = resizing("instance downgrade", false);

export const instanceList = reading({
  name: "instance list",
  access: "accounts-read",
  input: z.strictObject({}),
  read: ({ db, caller }) => listInstances(db, operates(caller) ? undefined : caller.tenant.id),
});

export const instanceShow = reading({
  name: "instance show",
  access: "accounts-read",
  input: z.strictObject(one),
  read: async (at, p) => viewInstance(at.db, await theInstance(at, p.instance)),
});

export const instanceSet = changing({
  name: "instance set",
  access: "write",
  input: z.strictObject({
    ...one,
    name: textOf(textRules.instanceName).optional(),
    description: textOf(textRules.instanceDescription).optional(),
    cidrs: many.optional(),
    position: textOf(textRules.instancePosition).optional(),
    routingStrategy: routingStrategy.optional(),
    securityLockThreshold: securityLockThreshold.optional(),
    connectionAudit: z.boolean().optional(),
  }),
  async handle(change, { instance: ref, cidrs, ...wanted }) {
    const row = await theInstance(change, ref);
    const before = { ...settings(row), cidrs: await cidrsOfInstance(change.tx, row.id) };
    const after = settings(await modifyInstance(change, row, wanted));
    const now = cidrs === undefined ? before.cidrs : await setCidrs(change, row, cidrs);
    await change.audit(row.id, before, { ...after, cidrs: now });
    return { id: row.id };
  },
});

const settings = (row: Instance) => ({
  name: row.name,
  description: row.description,
  position: row.position,
  routingStrategy: row.routingStrategy,
  securityLockThreshold: row.securityLockThreshold,
  connectionAudit: row.connectionAudit === 1,
});

export const instanceDelete = changing({
  name: "instance delete",
  access: "write",
  input: z.strictObject({
    instance: instanceRef,
    /** Delete it although it has accounts. */
    force: z.boolean(),
    /** Delete it although it is bound to a CCN. */
    whileBound: z.boolean().optional(),
  }),
  async handle(change, p) {
    const row = await theInstance(change, p.instance);
    const before = await viewInstance(change.tx, row);
    await removeInstance(change, row, { withAccounts: p.force, whileBound: p.whileBound ?? true });
    await change.audit(row.id, before, null);
    return { deleted: row.id };
  },
});

const locking = (name: string, access: "operate" | "write", locked: boolean) =>
  changing({
    name,
    access,
    input: z.strictObject(one),
    async handle(change, p) {
      const row = await theInstance(change, p.instance);
      await setLocked(change, row, locked);
      await change.audit(row.id, { locked: row.locked === 1 }, { locked });
      return { id: row.id };
    },
  });

export const instanceLock = locking("instance lock", "operate", true);
export const instanceUnlock = locking("instance unlock", "write", false);

export const instanceRenew = changing({
  name: "instance renew",
  access: "operate",
  input: z.strictObject({ ...one, months: renewalMonths }),
  async handle(change, p) {
    const row = await theInstance(change, p.instance);
    const end = await renewInstance(change, row, p.months);
    await change.audit(row.id, { endTime: row.endTime }, { endTime: end });
    return { id: row.id, endTime: end };
  },
});

export const instanceRemoveEnd = changing({
  name: "instance remove-end",
  access: "operate",
  input: z.strictObject(one),
  async handle(change, p) {
    const row = await theInstance(change, p.instance);
    await removeEnd(change, row);
    await change.audit(row.id, { endTime: row.endTime }, { endTime: null });
    return { id: row.id, endTime: null };
  },
});

export const policySet = changing({
  name: "policy set",
  access: "write",
  input: z.strictObject({
    ...one,
    change: z.strictObject({
      fullTunnel: z.boolean().optional(),
      lockdown: z.boolean().optional(),
      leaseSeconds: z.number().optional(),
      signInSeconds: z.number().optional(),
      devicesPerAccount: z.number().optional(),
      secondFactorRequired: z.boolean().optional(),
      bandwidth: z.number().optional(),
    }),
  }),
  handle(change, p) {
    const wanted = Object.fromEntries(Object.entries(p.change).filter(([, value]) => value !== undefined));
    return changingOne(change, p.instance, (row) => setPolicy(change, row, wanted));
  },
});

export const cidrAdd = changing({
  name: "cidr add",
  access: "write",
  input: z.strictObject({ ...one, cidr: z.string() }),
  async handle(change, p): Promise<InstanceView & Warned> {
    const view = await changingOne(change, p.instance, (row) => addCidr(change, row, p.cidr));
    return warned(change, view, { cidrs: [p.cidr] });
  },
});

export const cidrRemove = changing({
  name: "cidr remove",
  access: "write",
  input: z.strictObject({ ...one, cidr: z.string() }),
  handle: (change, p) => changingOne(change, p.instance, (row) => removeCidr(change, row, p.cidr)),
});

export const routeAdd = changing({
  name: "route add",
  access: "write",
  input: z.strictObject({ ...one, routes: many }),
  async handle(change, p): Promise<InstanceView & Warned> {
    const view = await changingOne(change, p.instance, (row) => addRoutes(change, row.id, p.routes));
    return warned(change, view, { routes: p.routes });
  },
});

export const routeRemove = changing({
  name: "route remove",
  access: "write",
  input: z.strictObject({ ...one, route: z.string() }),
  handle: (change, p) => changingOne(change, p.instance, (row) => removeRoute(change, row.id, p.route)),
});

async function warned(
  change: Changing,
  view: InstanceView,
  added: { cidrs?: readonly string[]; routes?: readonly string[] },
): Promise<InstanceView & Warned> {
  const row = await instanceById(change.tx, view.id);
  const warnings = row ? await overlapWarnings(change.tx, row, added) : [];
  return warnings.length === 0 ? view : { ...view, warnings };
}

export const linkCreate = reading({
  name: "link create",
  access: "read",
  input: z.strictObject({
    ...one,
    server: text.optional(),
    /** Whether the link has pins; undefined = only if clients need them. */
    pins: z.boolean().optional(),
  }),
  async read(at, p) {
    const { enterpriseCode: code } = await theInstance(at, p.instance);
    return enrolmentLink(at.server, code, p);
  },
});

export const instanceCommands: readonly AnyCommand[] = [
  instanceCreate,
  instanceOrder,
  instanceUpgrade,
  instanceDowngrade,
  instanceList,
  instanceShow,
  instanceSet,
  instanceDelete,
  instanceLock,
  instanceUnlock,
  instanceRenew,
  instanceRemoveEnd,
  policySet,
  cidrAdd,
  cidrRemove,
  routeAdd,
  routeRemove,
  linkCreate,
];
