import { z } from "zod";
import { regions, shareCcnArea } from "../../domain/areas/regions.ts";
import { ownCcn } from "../../domain/ccn/ccn.ts";
import { describeInstances, searchInstances } from "../../domain/instances/listing.ts";
import { ownInstance } from "../../domain/instances/own.ts";
import { usageOf } from "../../domain/quotas/limits.ts";
import { bindablePage } from "../../store/queries/listings/people.ts";
import { type AnyCommand, reading } from "../command.ts";
import { instanceRef, requireNotElsewhere, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { region } from "./values.ts";

const text = z.string().max(128);
const some = z.array(z.string().max(64)).max(50).optional();

/** A page of the account's instances, for the published API. */
export const instanceSearch = reading({
  name: "instance search",
  access: "accounts-read",
  input: z.strictObject({
    region: region.optional(),
    /** The id must equal each of these; undefined entries are ignored. */
    ids: z.array(text.optional()).max(2).optional(),
    oneOf: some,
    namePart: text.optional(),
    ccnId: text.optional(),
    ccnName: text.optional(),
    acls: z.array(z.string()).optional(),
    withoutAcls: z.array(z.string()).optional(),
    withQos: z.boolean().optional(),
    usable: z.boolean().optional(),
    /** Set by a filter that cannot match anything; the result is empty. */
    none: z.boolean().optional(),
    ...paged,
  }),
  async read(at, { page, ...filter }) {
    const { tenant } = at.caller;
    const ids = [...(filter.ids ?? []), ...(filter.oneOf ?? [])];
    await requireNotElsewhere(ids, (id) => ownInstance(at.db, tenant, id, filter.region));
    return searchInstances(at.context, at.db, readerOf(at), tenant.id, filter, wishOf(page));
  },
});

export const instanceDescribe = reading({
  name: "instance describe",
  access: "accounts-read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  async read(at, p) {
    const row = await theInstance(at, p.instance);
    const [view] = await describeInstances(at.context, at.db, [row]);
    if (!view) throw new Error("an instance has no description");
    return view;
  },
});

export const instanceLimit = reading({
  name: "instance limit",
  access: "read",
  input: z.strictObject({}),
  read: ({ db, caller }) => usageOf(db, caller.tenant, "instances-per-account", "instance"),
});

/** Instances that a CCN can bind: those of the account in its area, or those granted to it. */
export const ccnBindable = reading({
  name: "ccn bindable",
  access: "read",
  input: z.strictObject({
    ccn: text,
    region: region.optional(),
    id: text.optional(),
    namePart: text.optional(),
    granted: z.boolean().optional(),
    ...paged,
  }),
  async read(at, p) {
    const { tenant } = at.caller;
    const ccn = await ownCcn(at.db, tenant, p.ccn, p.region);
    const area = regions.filter((one) => shareCcnArea(one.id, ccn.region)).map((one) => one.id);
    const filter = {
      regions: area,
      grantedTo: p.granted ? ccn.id : undefined,
      tenantId: tenant.id,
      id: p.id,
      namePart: p.namePart,
    };
    const page = await bindablePage(at.db, readerOf(at), filter, wishOf(p.page));
    return { ...page, rows: page.rows.map(({ id, name, uid }) => ({ id, name, ownerUid: uid ?? 0 })) };
  },
});

export const instanceReads: readonly AnyCommand[] = [instanceSearch, instanceDescribe, instanceLimit, ccnBindable];
