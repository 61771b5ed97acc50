import { z } from "zod";
import { bindInstance, createCcn, deleteCcn, modifyCcn, ownCcn, unbindInstance } from "../../domain/ccn/ccn.ts";
import { grantCcn, grantInstance, revokeCcn, revokeInstance } from "../../domain/ccn/grants.ts";
import { listCcnGrants, listCcns, listInstanceGrants, viewCcn } from "../../domain/ccn/listing.ts";
import { ownCen } from "../../domain/cen/cen.ts";
import { attachChild, detachChild } from "../../domain/cen/children.ts";
import { textRules } from "../../domain/limits/text.ts";
import { usageOf } from "../../domain/quotas/limits.ts";
import { cenOfChild } from "../../store/queries/cen-children.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, textOf, theInstance } from "./common.ts";
import { having, paged, readerOf, wishOf } from "./pages.ts";
import { number, region, text } from "./values.ts";

const one = { ccn: text, region: region.optional() };
/** `owner` is the number of the instance's product account. */
const bound = z.strictObject({ ...one, instance: text, owner: number.optional() });

export const ccnCreate = changing({
  name: "ccn create",
  access: "write",
  input: z.strictObject({
    name: textOf(textRules.ccnName),
    description: textOf(textRules.ccnDescription),
    region,
    cidrBlock: text,
    snatCidrBlock: text,
    markedDefault: z.boolean(),
  }),
  handle: async (change, p) => viewCcn(await createCcn(change, change.caller.tenant, p)),
});

export const ccnList = reading({
  name: "ccn list",
  access: "read",
  input: z.strictObject({
    region: region.optional(),
    id: text.optional(),
    namePart: text.optional(),
    ...having,
    ...paged,
  }),
  async read(at, { page, ...filter }) {
    const { tenant } = at.caller;
    await requireNotElsewhere([filter.id], (id) => ownCcn(at.db, tenant, id, filter.region));
    return listCcns(at.db, readerOf(at), { ...filter, tenantId: tenant.id }, wishOf(page));
  },
});

export const ccnLimit = reading({
  name: "ccn limit",
  access: "read",
  input: z.strictObject({}),
  read: ({ db, caller }) => usageOf(db, caller.tenant, "ccns-per-account", "ccn"),
});

export const ccnSet = changing({
  name: "ccn set",
  access: "write",
  input: z.strictObject({
    ...one,
    name: textOf(textRules.ccnName).optional(),
    description: textOf(textRules.ccnDescription).optional(),
    cidrBlock: text.optional(),
    interworking: z.enum(["Enabled", "Disabled"]).optional(),
  }),
  handle: async (change, { ccn, region, ...wanted }) =>
    modifyCcn(change, await ownCcn(change.tx, change.caller.tenant, ccn, region), wanted),
});

export const ccnDelete = changing({
  name: "ccn delete",
  access: "write",
  input: z.strictObject(one),
  handle: async (change, p) => deleteCcn(change, await ownCcn(change.tx, change.caller.tenant, p.ccn, p.region)),
});

export const ccnBind = changing({
  name: "ccn bind",
  access: "write",
  input: bound,
  handle: (change, p) => bindInstance(change, change.caller.tenant, p),
});

export const ccnUnbind = changing({
  name: "ccn unbind",
  access: "write",
  input: bound,
  handle: (change, p) => unbindInstance(change, change.caller.tenant, p),
});

export const ccnAttach = changing({
  name: "ccn attach",
  access: "write",
  input: z.strictObject({ ...one, cen: text, subnet: textOf({ field: "subnet", min: 0, max: 64 }) }),
  async handle(change, { ccn, region, cen, subnet }) {
    const { tenant } = change.caller;
    await ownCcn(change.tx, tenant, ccn);
    await ownCen(change.tx, tenant, cen);
    await attachChild(change, tenant, { cenId: cen, type: "CCN", childId: ccn, region, subnet });
  },
});

export const ccnDetach = changing({
  name: "ccn detach",
  access: "write",
  input: z.strictObject({ ...one, cen: text }),
  async handle(change, { ccn, region, cen }) {
    const { tenant } = change.caller;
    await ownCcn(change.tx, tenant, ccn);
    // A CEN of another account can have the CCN; any other CEN that is not the caller's own is reported as missing, instead of the CCN.
    if ((await cenOfChild(change.tx, ccn))?.id !== cen) await ownCen(change.tx, tenant, cen);
    await detachChild(change, { cenId: cen, type: "CCN", childId: ccn, region });
  },
});

export const ccnGrant = changing({
  name: "ccn grant",
  access: "write",
  input: z.strictObject({
    ccnId: text,
    region: region.optional(),
    cenId: text,
    cenUid: number,
    trafficService: z.boolean(),
  }),
  handle: (change, p) => grantCcn(change, change.caller.tenant, p),
});

export const ccnRevoke = changing({
  name: "ccn revoke",
  access: "write",
  input: z.strictObject({ ccnId: text, region: region.optional(), cenId: text }),
  handle: (change, p) => revokeCcn(change, change.caller.tenant, p),
});

export const ccnGrants = reading({
  name: "ccn grants",
  access: "read",
  input: z.strictObject({ region: region.optional(), ccn: text.optional(), ...paged }),
  async read(at, p) {
    const { tenant } = at.caller;
    if (p.ccn !== undefined) await ownCcn(at.db, tenant, p.ccn, p.region);
    return listCcnGrants(at.db, readerOf(at), tenant, { region: p.region, ccnId: p.ccn }, wishOf(p.page));
  },
});

export const instanceGrant = changing({
  name: "instance grant",
  access: "write",
  input: z.strictObject({
    instanceId: text,
    region: region.optional(),
    ccnId: text,
    ccnUid: number,
    trafficService: z.boolean(),
  }),
  handle: (change, p) => grantInstance(change, change.caller.tenant, p),
});

export const instanceRevoke = changing({
  name: "instance revoke",
  access: "write",
  input: z.strictObject({ instanceId: text, region: region.optional(), ccnId: text }),
  handle: (change, p) => revokeInstance(change, change.caller.tenant, p),
});

export const instanceGrants = reading({
  name: "instance grants",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional(), ...paged }),
  read: async (at, p) =>
    listInstanceGrants(at.db, readerOf(at), (await theInstance(at, p.instance)).id, wishOf(p.page)),
});

export const ccnCommands: readonly AnyCommand[] = [
  ccnCreate,
  ccnList,
  ccnLimit,
  ccnSet,
  ccnDelete,
  ccnBind,
  ccnUnbind,
  ccnAttach,
  ccnDetach,
  ccnGrant,
  ccnRevoke,
  ccnGrants,
  instanceGrant,
  instanceRevoke,
  instanceGrants,
];
