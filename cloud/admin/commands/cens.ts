import { z } from "zod";
import {
  associatePackage,
  createPackage,
  deletePackage,
  ownPackage,
  setRegionLimit,
  unassociatePackage,
} from "../../domain/cen/bandwidth.ts";
import { createCen, deleteCen, modifyCen, ownCen } from "../../domain/cen/cen.ts";
import { attachChild, detachChild } from "../../domain/cen/children.ts";
import { listCens, listChildren, listPackages, listRegionLimits, showChild } from "../../domain/cen/listing.ts";
import { listRoutes } from "../../domain/cen/routes.ts";
import { textRules } from "../../domain/limits/text.ts";
import { maxTagged } from "../../domain/limits/values.ts";
import { addTags, removeTags, setTags, type Tag, tagsOf } from "../../domain/tags.ts";
import { tagRows } from "../../store/queries/listings/tags.ts";
import { type AnyCommand, type Changing, changing, type Reading, reading } from "../command.ts";
import { textOf } from "./common.ts";
import { having, paged, readerOf, wishOf } from "./pages.ts";
import {
  cenArea,
  cenRegion,
  chargeType,
  number,
  packageBandwidth,
  protectionLevel,
  region,
  regionBandwidth,
  text,
} from "./values.ts";

const name = textOf(textRules.cenName);
const description = textOf(textRules.cenDescription);
const tags = z
  .array(z.strictObject({ key: textOf(textRules.tagKey), value: textOf(textRules.tagValue) }))
  .max(maxTagged);
const child = { cen: text, child: text, type: z.enum(["CCN", "VPC"]) };

type At = Pick<Reading, "db" | "caller">;

const theCen = ({ db, caller }: At, id: string) => ownCen(db, caller.tenant, id);

export const cenCreate = changing({
  name: "cen create",
  access: "write",
  input: z.strictObject({ name, description, protectionLevel, tags }),
  handle: async (change, p) => ({ id: (await createCen(change, change.caller.tenant, p)).id }),
});

const filterBy = <C extends string>(columns: readonly C[]) =>
  z
    .array(z.strictObject({ column: z.enum(columns), values: z.array(text).max(20) }))
    .max(5)
    .optional();

/** Set by a filter that cannot match anything; the result is empty. */
const none = { none: z.boolean().optional() };
/** With `region`, a child in another region is reported as not found. */
const oneChild = z.strictObject({ ...child, region: region.optional() });

async function theChild(at: At, { cen, child, type, region }: z.output<typeof oneChild>) {
  await theCen(at, cen);
  return showChild(at.db, { cenId: cen, id: child, type, region });
}

export const cenList = reading({
  name: "cen list",
  access: "read",
  input: z.strictObject({ by: filterBy(["id", "name"]), ...having, ...none, ...paged }),
  read: (at, { by = [], having, none, page }) =>
    listCens(at.db, readerOf(at), at.caller.tenant.id, { by, having, none }, wishOf(page)),
});

export const cenSet = changing({
  name: "cen set",
  access: "write",
  input: z.strictObject({
    cen: text,
    name: name.optional(),
    description: description.optional(),
    protectionLevel: protectionLevel.optional(),
  }),
  handle: async (change, { cen, ...wanted }) => modifyCen(change, await theCen(change, cen), wanted),
});

export const cenDelete = changing({
  name: "cen delete",
  access: "write",
  input: z.strictObject({ cen: text }),
  handle: async (change, p) => deleteCen(change, await theCen(change, p.cen)),
});

export const cenAttach = changing({
  name: "cen attach",
  access: "write",
  input: z.strictObject({ ...child, region, owner: number.optional() }),
  async handle(change, { cen, child, ...expected }) {
    await theCen(change, cen);
    await attachChild(change, change.caller.tenant, { cenId: cen, childId: child, ...expected, subnet: "" });
  },
});

export const cenDetach = changing({
  name: "cen detach",
  access: "write",
  input: oneChild.extend({ owner: number.optional(), cenOwner: number.optional() }),
  async handle(change, { cen, cenOwner, child, type, region, owner }) {
    await ownCen(change.tx, change.caller.tenant, cen, cenOwner);
    await detachChild(change, { cenId: cen, childId: child, type, region, owner });
  },
});

export const cenChildren = reading({
  name: "cen children",
  access: "read",
  input: z.strictObject({ cen: text, type: child.type.optional(), region: region.optional(), ...paged }),
  async read(at, p) {
    await theCen(at, p.cen);
    return listChildren(at.db, readerOf(at), p.cen, { type: p.type, region: p.region }, wishOf(p.page));
  },
});

export const cenChild = reading({
  name: "cen child",
  access: "read",
  input: oneChild,
  read: theChild,
});

/** `carried`: only routes that reach the region, or only those that do not. */
const routeFilter = { carried: z.boolean().optional(), ...none };

/** Routes to cloud networks as seen from a region: that of a child, or the given one. */
export const cenRoutes = reading({
  name: "cen routes",
  access: "read",
  input: z.union([
    oneChild.extend({ ...routeFilter, ...paged }),
    z.strictObject({ cen: text, region, ...routeFilter, ...paged }),
  ]),
  async read(at, p) {
    await theCen(at, p.cen);
    const seenFrom = "child" in p ? (await theChild(at, p)).region : p.region;
    return listRoutes(at.db, readerOf(at), p.cen, { seenFrom, carried: p.carried, none: p.none }, wishOf(p.page));
  },
});

export const packageCreate = changing({
  name: "cen bandwidth",
  access: "write",
  input: z.strictObject({
    name,
    description,
    bandwidth: packageBandwidth,
    areaA: cenArea,
    areaB: cenArea,
    chargeType,
    tags,
  }),
  async handle(change, { tags: given, ...wanted }) {
    const made = await createPackage(change, change.caller.tenant, wanted);
    await setTags(change.tx, made.id, given);
    return { id: made.id };
  },
});

export const packageList = reading({
  name: "cen packages",
  access: "read",
  input: z.strictObject({
    by: filterBy(["id", "cenId", "name"]),
    /** Combine the filters with OR instead of AND. */
    any: z.boolean().optional(),
    ...having,
    ...none,
    ...paged,
  }),
  read: (at, { by = [], any = false, having, none, page }) =>
    listPackages(at.db, readerOf(at), at.caller.tenant.id, { by, any, having, none }, wishOf(page)),
});

export const packageDelete = changing({
  name: "cen delete-bandwidth",
  access: "write",
  input: z.strictObject({ package: text }),
  handle: async (change, p) => deletePackage(change, await ownPackage(change.tx, change.caller.tenant, p.package)),
});

/** Declares a command on a package and a CEN, both of which must belong to the caller's account. */
const withPackage = (name: string, act: typeof associatePackage) =>
  changing({
    name,
    access: "write",
    input: z.strictObject({ cen: text, package: text }),
    async handle(change, p) {
      await theCen(change, p.cen);
      await act(change, await ownPackage(change.tx, change.caller.tenant, p.package), p.cen);
    },
  });

export const packageUse = withPackage("cen use-bandwidth", associatePackage);
export const packageUnuse = withPackage("cen unuse-bandwidth", unassociatePackage);

export const cenLimit = changing({
  name: "cen limit",
  access: "write",
  input: z.strictObject({ cenId: text, localRegion: cenRegion, oppositeRegion: cenRegion, bandwidth: regionBandwidth }),
  async handle(change, p) {
    await theCen(change, p.cenId);
    await setRegionLimit(change, p);
  },
});

export const cenLimits = reading({
  name: "cen limits",
  access: "read",
  input: z.strictObject({ cen: text.optional(), region: cenRegion.optional(), ...paged }),
  async read(at, p) {
    const { tenant } = at.caller;
    if (p.cen) await theCen(at, p.cen);
    const filter = { tenantId: tenant.id, cenId: p.cen, region: p.region };
    return listRegionLimits(at.db, readerOf(at), filter, wishOf(p.page));
  },
});

const tagged = { type: z.enum(["cen", "bandwidthpackage"]), ids: z.array(text).max(maxTagged) };

/** Changes the tags of all of `ids` in one transaction, with one audit record because it is one action. */
async function onEach(
  change: Changing,
  p: { type: "cen" | "bandwidthpackage"; ids: readonly string[] },
  act: (objectId: string) => Promise<void>,
): Promise<void> {
  const { tx, caller } = change;
  const ids = [...new Set(p.ids)];
  for (const id of ids) await (p.type === "cen" ? ownCen : ownPackage)(tx, caller.tenant, id);
  const before = await tagsOf(tx, ids);
  for (const id of ids) await act(id);
  const after = await tagsOf(tx, ids);
  const view = (all: Map<string, Tag[]>) => Object.fromEntries(ids.map((id) => [id, all.get(id) ?? []]));
  await change.audit(ids.join(" "), { tags: view(before) }, { tags: view(after) });
}

/** Tags of the account's objects, ordered by object and key, starting after `after`. */
export const tagList = reading({
  name: "cen tags",
  access: "read",
  input: z.strictObject({
    type: tagged.type,
    ids: tagged.ids.optional(),
    ...having,
    after: z.tuple([text, text]).optional(),
    limit: z.int().min(1).optional(),
  }),
  async read(at, { type, limit = Number.MAX_SAFE_INTEGER, ...filter }) {
    const table = type === "cen" ? "cen" : "cen_bandwidth_package";
    const rows = await tagRows(at.db, at.caller.tenant.id, { ...filter, table }, limit);
    return rows.map((row) => ({ id: row.objectId, key: row.key, value: row.value }));
  },
});

export const tagAdd = changing({
  name: "cen tag",
  access: "write",
  input: z.strictObject({ ...tagged, tags }),
  handle: (change, p) => onEach(change, p, (id) => addTags(change.tx, id, p.tags)),
});

export const tagRemove = changing({
  name: "cen untag",
  access: "write",
  input: z.strictObject({ ...tagged, keys: z.array(text).max(maxTagged).optional() }),
  handle: (change, p) => onEach(change, p, (id) => removeTags(change.tx, id, p.keys)),
});

export const cenCommands: readonly AnyCommand[] = [
  cenCreate,
  cenList,
  cenSet,
  cenDelete,
  cenAttach,
  cenDetach,
  cenChildren,
  cenChild,
  cenRoutes,
  packageCreate,
  packageList,
  packageDelete,
  packageUse,
  packageUnuse,
  cenLimit,
  cenLimits,
  tagList,
  tagAdd,
  tagRemove,
];
