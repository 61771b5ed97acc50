import { z } from "zod";
import { ownAccessPoint, ownAccessPoints, preferAccessPoint } from "../../domain/accesspoints/preferred.ts";
import { searchInstances } from "../../domain/instances/listing.ts";
import { pageOfRows } from "../../store/queries/listings/pages.ts";
import { countServed } from "../../store/queries/listings/people.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, theInstance } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { number, region } from "./values.ts";

export const accessPointPrefer = changing({
  name: "access-point prefer",
  access: "write",
  input: z.strictObject({ instance: instanceRef.optional(), number }),
  async handle(change, p) {
    const instance = await theInstance(change, p.instance);
    const state = await ownAccessPoint(change.context, change.tx, change.caller.tenant, p.number);
    const before = instance.accessPointNumber;
    await preferAccessPoint(change, instance, state);
    await change.audit(instance.id, { accessPoint: before }, { accessPoint: p.number });
  },
});

/**
 * Access points of the account's CCNs, or only those that serve an instance. Every one of `numbers` must belong to the account.
 */
export const accessPointOwn = reading({
  name: "access-point own",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional(), numbers: z.array(number).max(50).optional(), ...paged }),
  async read(at, p) {
    const { context, db, caller } = at;
    const { tenant } = caller;
    const served = p.instance === undefined ? undefined : (await theInstance({ db, caller }, p.instance)).ccnId;
    for (const one of p.numbers ?? []) await ownAccessPoint(context, db, tenant, one);
    const states = await ownAccessPoints(context, db, tenant);
    const count = await countServed(db, tenant.id);
    const rows = states
      .filter((state) => served === undefined || state.ccnId === served)
      .map((state) => ({
        number: state.number,
        online: state.online,
        activeInstances: count(state.ccnId, false),
        lockedInstances: count(state.ccnId, true),
      }));
    return pageOfRows(readerOf(at), ["access-point own", tenant.id, served], rows, ["number"], wishOf(p.page));
  },
});

/** The account's instances that an access point serves, oldest first. */
export const accessPointInstances = reading({
  name: "access-point instances",
  access: "read",
  input: z.strictObject({ number, region: region.optional(), usable: z.boolean().optional(), ...paged }),
  async read(at, { number, page, ...filter }) {
    const { context, db, caller } = at;
    const state = await ownAccessPoint(context, db, caller.tenant, number);
    const served = { ...filter, servingCcnId: state.ccnId };
    return searchInstances(context, db, readerOf(at), caller.tenant.id, served, wishOf(page));
  },
});

export const accessPointCommands: readonly AnyCommand[] = [accessPointPrefer, accessPointOwn, accessPointInstances];
