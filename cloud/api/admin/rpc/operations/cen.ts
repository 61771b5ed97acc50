import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import { createCen, deleteCen, modifyCen, ownCen } from "../../../../domain/cen/cen.ts";
import {
  attachChild,
  type Child,
  type ChildType,
  detachChild,
  findChild,
  noChild,
} from "../../../../domain/cen/children.ts";
import { networkRoutes } from "../../../../domain/cen/routes.ts";
import { cidrsOf } from "../../../../domain/networks/networks.ts";
import { tagsOf } from "../../../../domain/tags.ts";
import { group, type Operation } from "../protocol/operation.ts";
import {
  cenRegion,
  clientToken,
  filters,
  id,
  isoTime,
  pageInOrder,
  pageOf,
  paging,
  required,
  text,
  uid,
} from "./common.ts";
import { givenTags, havingTags, tags, toldTags } from "./tags.ts";

const operation = group("cbn", "CEN");

const illegal = (name: string) => ({ invalid: `ParameterIllegal.${name}` });
export const cenId = required(id);
const name = text({ min: 2, max: 128, invalid: "InvalidName" });
const description = text({ min: 2, max: 256, invalid: "InvalidDescription" });
const protection = text({ oneOf: ["REDUCED", "FULL"] });
const childType = text({ oneOf: ["CCN", "VPC"], ...illegal("ChildInstanceType") });
const child = {
  CenId: cenId,
  ChildInstanceId: required(id),
  ChildInstanceRegionId: required(cenRegion),
  ChildInstanceType: required(childType),
};
const owner = uid("ParameterIllegal.ChildInstanceUid");

/** As the API writes a child's region. */
const told = (type: string, region: string) => (type === "CCN" ? `ccn-${region}` : region);

interface ChildRow {
  child_id: string;
  cen_id: string;
  child_type: string;
  attached_at: number;
}

const attachment = (row: ChildRow, found: Child | undefined, ownerUid: number) => ({
  CenId: row.cen_id,
  ChildInstanceId: row.child_id,
  ChildInstanceType: row.child_type,
  ChildInstanceRegionId: told(row.child_type, found?.region ?? ""),
  ChildInstanceOwnerId: ownerUid,
  ChildInstanceAttachTime: isoTime(row.attached_at),
  Status: "Attached",
});

export const cenOperations: Operation[] = [
  operation("CreateCen", {
    access: "write",
    summary: "Makes a Cloud Enterprise Network.",
    parameters: {
      Name: name,
      Description: description,
      ProtectionLevel: protection,
      Tag: tags,
      ClientToken: clientToken,
    },
    async run(call, v) {
      const wanted = {
        name: v.Name ?? "",
        description: v.Description ?? "",
        protectionLevel: v.ProtectionLevel ?? "REDUCED",
        tags: givenTags(v.Tag),
      };
      return { CenId: (await call.change((change) => createCen(change, call.caller.tenant, wanted))).id };
    },
  }),
  operation("ModifyCenAttribute", {
    access: "write",
    summary: "Changes a Cloud Enterprise Network.",
    parameters: { CenId: cenId, Name: name, Description: description, ProtectionLevel: protection },
    async run(call, v) {
      await call.change(async (change) => {
        const cen = await ownCen(change.tx, call.caller.tenant, v.CenId);
        await modifyCen(change, cen, { name: v.Name, description: v.Description, protectionLevel: v.ProtectionLevel });
      });
      return {};
    },
  }),
  operation("DeleteCen", {
    access: "write",
    summary: "Deletes a Cloud Enterprise Network on which nothing hangs any more.",
    parameters: { CenId: cenId },
    async run(call, v) {
      await call.change(async (change) => deleteCen(change, await ownCen(change.tx, call.caller.tenant, v.CenId)));
      return {};
    },
  }),
  operation("DescribeCens", {
    access: "read",
    summary: "Lists Cloud Enterprise Networks; filters are CenId and Name.",
    parameters: { Filter: filters, Tag: tags, ResourceGroupId: text({ max: 64 }), ...paging },
    async run(call, v) {
      const db = call.context.store;
      let query = db.selectFrom("cen").selectAll().where("tenant_id", "=", call.caller.tenant.id);
      for (const having of havingTags(db, v.Tag)) query = query.where("id", "in", having);
      for (const { Key, Value } of v.Filter ?? []) {
        const column = Key === "CenId" ? "id" : Key === "Name" ? "name" : undefined;
        if (column) query = query.where(column, "in", Value ?? [""]);
      }
      const page = await pageOf(call, query, "cen", v);
      const ids = page.rows.map((row) => row.id);
      const tagged = await tagsOf(db, ids);
      const packages =
        ids.length === 0
          ? []
          : await db.selectFrom("cen_bandwidth_package").select(["id", "cen_id"]).where("cen_id", "in", ids).execute();
      const Cen = page.rows.map((row) => ({
        CenId: row.id,
        Name: row.name,
        Description: row.description,
        CreationTime: isoTime(row.created_at),
        ProtectionLevel: row.protection_level,
        Status: "Active",
        Ipv6Level: "DISABLED",
        ResourceGroupId: "",
        CenBandwidthPackageIds: { CenBandwidthPackageId: packages.filter((p) => p.cen_id === row.id).map((p) => p.id) },
        Tags: toldTags(tagged.get(row.id)),
      }));
      return { ...page.told, Cens: { Cen } };
    },
  }),
  operation("AttachCenChildInstance", {
    access: "write",
    summary: "Attaches a CCN or a cloud network: one's own, or another account's CCN that was granted.",
    parameters: { ...child, ChildInstanceOwnerId: owner },
    async run(call, v) {
      await call.change(async (change) => {
        await ownCen(change.tx, call.caller.tenant, v.CenId);
        await attachChild(change, call.caller.tenant, {
          cenId: v.CenId,
          type: v.ChildInstanceType as ChildType,
          childId: v.ChildInstanceId,
          region: plainRegion(v.ChildInstanceRegionId),
          subnet: "",
        });
      });
      return {};
    },
  }),
  operation("DetachCenChildInstance", {
    access: "write",
    summary: "Detaches a CCN or a cloud network.",
    parameters: { ...child, ChildInstanceOwnerId: owner, CenOwnerId: owner },
    async run(call, v) {
      await call.change(async (change) => {
        await ownCen(change.tx, call.caller.tenant, v.CenId);
        await detachChild(change, {
          cenId: v.CenId,
          type: v.ChildInstanceType as ChildType,
          childId: v.ChildInstanceId,
        });
      });
      return {};
    },
  }),
  operation("DescribeCenAttachedChildInstances", {
    access: "read",
    summary: "Lists what is attached to a CEN.",
    parameters: { CenId: cenId, ChildInstanceRegionId: cenRegion, ChildInstanceType: childType, ...paging },
    async run(call, v) {
      const db = call.context.store;
      await ownCen(db, call.caller.tenant, v.CenId);
      let query = db.selectFrom("cen_child").selectAll().where("cen_id", "=", v.CenId);
      if (v.ChildInstanceType) query = query.where("child_type", "=", v.ChildInstanceType);
      if (v.ChildInstanceRegionId) {
        const region = plainRegion(v.ChildInstanceRegionId);
        query = query.where((e) =>
          e.or([
            e("child_id", "in", db.selectFrom("ccn").select("id").where("region", "=", region)),
            e("child_id", "in", db.selectFrom("cloud_network").select("id").where("region", "=", region)),
          ]),
        );
      }
      const page = await pageInOrder(query.orderBy("attached_at").orderBy("child_id"), v);
      const ChildInstance = [];
      for (const row of page.rows) {
        const found = await findChild(db, row.child_type as ChildType, row.child_id);
        ChildInstance.push(attachment(row, found, await uidOf(db, found?.tenantId)));
      }
      return { ...page.told, ChildInstances: { ChildInstance } };
    },
  }),
  operation("DescribeCenAttachedChildInstanceAttribute", {
    access: "read",
    summary: "Describes one thing attached to a CEN.",
    parameters: child,
    async run(call, v) {
      const db = call.context.store;
      await ownCen(db, call.caller.tenant, v.CenId);
      const { row, found } = await attached(db, v);
      const cidrs = row.child_type === "VPC" ? await cidrsOf(db, row.child_id) : [];
      const v4 = cidrs.filter((cidr) => !cidr.includes(":"));
      const v6 = cidrs.filter((cidr) => cidr.includes(":"));
      return {
        ...attachment(row, found, await uidOf(db, found.tenantId)),
        ChildInstanceName: found.name,
        ManagedService: "false",
        ChildInstanceAttributes: {
          CidrBlock: v4[0] ?? "",
          Ipv6CidrBlock: v6[0] ?? "",
          SecondaryCidrBlocks: { secondaryCidrBlock: v4.slice(1) },
        },
      };
    },
  }),
  operation("DescribeCenChildInstanceRouteEntries", {
    access: "read",
    summary: "Lists the routes that something attached to a CEN has: its own and those it learns.",
    parameters: {
      CenId: cenId,
      ChildInstanceId: required(id),
      ChildInstanceRegionId: cenRegion,
      ChildInstanceType: required(childType),
      ChildInstanceRouteTableId: id,
      Status: text({ max: 32 }),
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      await ownCen(db, call.caller.tenant, v.CenId);
      const { found } = await attached(db, v);
      const entries = (await networkRoutes(db, v.CenId, found.region)).map((route) => ({
        DestinationCidrBlock: route.cidr,
        NextHopInstanceId: route.networkId,
        NextHopRegionId: route.region,
        NextHopType: "VPC",
        RouteTableId: "",
        Type: route.networkId === found.id ? "System" : "CEN",
        Status: route.carried ? "Active" : "Candidate",
        PublishStatus: "Published",
        OperationalMode: false,
      }));
      return pagedEntries(entries, v);
    },
  }),
  operation("DescribeCenRegionDomainRouteEntries", {
    access: "read",
    summary: "Lists the routes that a CEN has in a region.",
    parameters: { CenId: cenId, CenRegionId: required(cenRegion), Status: text({ max: 32 }), ...paging },
    async run(call, v) {
      const db = call.context.store;
      await ownCen(db, call.caller.tenant, v.CenId);
      const entries = (await networkRoutes(db, v.CenId, plainRegion(v.CenRegionId))).map((route) => ({
        DestinationCidrBlock: route.cidr,
        NextHopInstanceId: route.networkId,
        NextHopRegionId: route.region,
        NextHopType: "VPC",
        Preference: 0,
        Status: route.carried ? "Active" : "Candidate",
        ToOtherRegionStatus: "Active",
        Type: "CEN",
      }));
      return pagedEntries(entries, v);
    },
  }),
];

type Db = Parameters<typeof ownCen>[0];

async function uidOf(db: Db, tenantId: string | undefined): Promise<number> {
  const row = await db
    .selectFrom("tenant")
    .select("uid")
    .where("id", "=", tenantId ?? "")
    .executeTakeFirst();
  return row?.uid ?? 0;
}

async function attached(db: Db, v: { CenId: string; ChildInstanceId: string; ChildInstanceType: string }) {
  const row = await db
    .selectFrom("cen_child")
    .selectAll()
    .where("cen_id", "=", v.CenId)
    .where("child_id", "=", v.ChildInstanceId)
    .where("child_type", "=", v.ChildInstanceType)
    .executeTakeFirst();
  const found = row && (await findChild(db, row.child_type as ChildType, row.child_id));
  if (!row || !found) throw noChild(v.ChildInstanceId);
  return { row, found };
}

function pagedEntries<T extends { Status: string }>(
  all: readonly T[],
  v: { Status: string | undefined; PageNumber: number | undefined; PageSize: number | undefined },
) {
  const wanted = all.filter((entry) => v.Status === undefined || entry.Status === v.Status);
  const PageNumber = v.PageNumber ?? 1;
  const PageSize = v.PageSize ?? 10;
  const CenRouteEntry = wanted.slice((PageNumber - 1) * PageSize, PageNumber * PageSize);
  return { PageNumber, PageSize, TotalCount: wanted.length, CenRouteEntries: { CenRouteEntry } };
}
