import { z } from "zod";
import { ownAccessPoint, ownAccessPoints, preferAccessPoint } from "../../domain/accesspoints/preferred.ts";
import { describeInstances } from "../../domain/instances/listing.ts";
import { countServed, instancesServed } from "../../store/queries/listings/people.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, theInstance } from "./common.ts";
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
  input: z.strictObject({ instance: instanceRef.optional(), numbers: z.array(number).max(50).optional() }),
  async read({ context, db, caller }, p) {
    const { tenant } = caller;
    const served = p.instance === undefined ? undefined : (await theInstance({ db, caller }, p.instance)).ccnId;
    for (const one of p.numbers ?? []) await ownAccessPoint(context, db, tenant, one);
    const states = await ownAccessPoints(context, db, tenant);
    const count = await countServed(db, tenant.id);
    return states
      .filter((state) => served === undefined || state.ccnId === served)
      .map((state) => ({
        number: state.number,
        online: state.online,
        activeInstances: count(state.ccnId, false),
        lockedInstances: count(state.ccnId, true),
      }));
  },
});

/** The account's instances that an access point serves, oldest first. */
export const accessPointInstances = reading({
  name: "access-point instances",
  access: "read",
  input: z.strictObject({ number, region: region.optional() }),
  async read({ context, db, caller }, p) {
    const state = await ownAccessPoint(context, db, caller.tenant, p.number);
    const rows = await instancesServed(db, caller.tenant.id, state.ccnId);
    const wanted = rows.filter((row) => p.region === undefined || row.region === p.region);
    return describeInstances(context, db, wanted);
  },
});

export const accessPointCommands: readonly AnyCommand[] = [accessPointPrefer, accessPointOwn, accessPointInstances];
