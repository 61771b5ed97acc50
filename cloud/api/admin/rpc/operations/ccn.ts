import { sql } from "kysely";
import { defaultRegion } from "../../../../domain/areas/regions.ts";
import { bindInstance, createCcn, deleteCcn, modifyCcn, ownCcn, unbindInstance } from "../../../../domain/ccn/ccn.ts";
import { ownCen } from "../../../../domain/cen/cen.ts";
import { attachChild, detachChild } from "../../../../domain/cen/children.ts";
import { limitOf } from "../../../../domain/quotas/limits.ts";
import { tagsOf } from "../../../../domain/tags.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { ccnId, contains, id, inRegion, pageOf, paging, region, required, sagId, text, uid } from "./common.ts";
import { havingTags, tags, toldTags } from "./tags.ts";

const operation = group("smartag", "CCN");

const name = text({ min: 2, max: 100 });
const description = text({ min: 2, max: 128 });
const block = text({ max: 512, rule: "an IPv4 block, mask /8 to /24" });

export const ccnOperations: Operation[] = [
  operation("CreateCloudConnectNetwork", {
    access: "write",
    summary: "Makes a Cloud Connect Network.",
    parameters: {
      RegionId: region,
      Name: name,
      Description: description,
      CidrBlock: block,
      SnatCidrBlock: text({ max: 64, rule: "an IPv4 block inside CidrBlock, mask /8 to /30" }),
    },
    async run(call, v) {
      const wanted = {
        name: v.Name ?? "",
        description: v.Description ?? "",
        region: v.RegionId ?? defaultRegion,
        cidrBlock: v.CidrBlock ?? "192.168.0.0/16",
        snatCidrBlock: v.SnatCidrBlock ?? "",
      };
      const row = await call.change((change) => createCcn(change, call.caller.tenant, wanted));
      return {
        CcnId: row.id,
        Name: row.name,
        Description: row.description,
        CidrBlock: row.cidr_block,
        SnatCidrBlock: row.snat_cidr_block,
        Status: "Active",
        ResourceGroupId: "",
      };
    },
  }),
  operation("ModifyCloudConnectNetwork", {
    access: "write",
    summary: "Changes a Cloud Connect Network.",
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      Name: name,
      Description: description,
      CidrBlock: block,
      InterworkingStatus: text({ oneOf: ["Enabled", "Disabled"] }),
    },
    async run(call, v) {
      await call.change(async (change) => {
        const ccn = await ownCcn(change.tx, call.caller.tenant, v.CcnId);
        const { Name, Description, CidrBlock, InterworkingStatus } = v;
        await modifyCcn(change, ccn, {
          name: Name,
          description: Description,
          cidrBlock: CidrBlock,
          interworking: InterworkingStatus,
        });
      });
      return {};
    },
  }),
  operation("DeleteCloudConnectNetwork", {
    access: "write",
    summary: "Deletes a Cloud Connect Network on which nothing hangs any more.",
    parameters: { RegionId: region, CcnId: required(ccnId) },
    async run(call, v) {
      await call.change(async (change) => deleteCcn(change, await ownCcn(change.tx, call.caller.tenant, v.CcnId)));
      return {};
    },
  }),
  operation("DescribeCloudConnectNetworks", {
    access: "read",
    summary: "Lists Cloud Connect Networks, with the CEN each is attached to.",
    parameters: { RegionId: inRegion, CcnId: ccnId, Name: text({ max: 100 }), Tag: tags, ...paging },
    async run(call, v) {
      const db = call.context.store;
      let query = db
        .selectFrom("ccn")
        .leftJoin("cen_child", "cen_child.child_id", "ccn.id")
        .leftJoin("cen", "cen.id", "cen_child.cen_id")
        .leftJoin("tenant", "tenant.id", "cen.tenant_id")
        .selectAll("ccn")
        .select(["cen.id as cen_id", "tenant.uid as cen_uid", "cen_child.subnet"])
        .where("ccn.tenant_id", "=", call.caller.tenant.id)
        .where("ccn.region", "=", v.RegionId);
      if (v.CcnId) query = query.where("ccn.id", "=", v.CcnId);
      if (v.Name) query = query.where(sql<boolean>`ccn.name like ${contains(v.Name)} escape '\\'`);
      for (const having of havingTags(db, v.Tag)) query = query.where("ccn.id", "in", having);
      const page = await pageOf(call, query, "ccn", v);
      const ids = page.rows.map((row) => row.id);
      const bound = ids.length === 0 ? [] : await boundTo(db, ids);
      const tagged = await tagsOf(db, ids);
      const CloudConnectNetwork = page.rows.map((row) => {
        const own = bound.filter((instance) => instance.bound_ccn_id === row.id);
        return {
          CcnId: row.id,
          Name: row.name,
          Description: row.description,
          CidrBlock: row.cidr_block,
          SnatCidrBlock: row.snat_cidr_block,
          InterworkingStatus: row.interworking,
          CreateTime: row.created_at,
          AssociatedCenId: row.cen_id ?? "",
          AssociatedCenOwnerId: row.cen_uid === null ? "" : String(row.cen_uid),
          AssociatedCenStatus: row.cen_id === null ? "" : "Attached",
          AssociatedCloudBoxCount: String(own.length),
          AvailableCloudBoxCount: String(own.filter((instance) => instance.locked === 0).length),
          Subnet: row.subnet ?? "",
          ResourceGroupId: "",
          Tags: toldTags(tagged.get(row.id)),
        };
      });
      return { ...page.told, CloudConnectNetworks: { CloudConnectNetwork } };
    },
  }),
  operation("GetCloudConnectNetworkUseLimit", {
    access: "read",
    summary: "Tells how many Cloud Connect Networks there may be and are.",
    parameters: { RegionId: inRegion },
    async run(call) {
      const db = call.context.store;
      const { used } = await db
        .selectFrom("ccn")
        .select((e) => e.fn.countAll<number>().as("used"))
        .where("tenant_id", "=", call.caller.tenant.id)
        .executeTakeFirstOrThrow();
      return { TotalAmount: await limitOf(db, call.caller.tenant.id, "ccns-per-account"), UsedAmount: Number(used) };
    },
  }),
  operation("BindSmartAccessGateway", {
    access: "write",
    summary: "Binds an instance of the same area to a CCN: one's own, or another account's that was granted.",
    parameters: {
      RegionId: region,
      CcnId: required(ccnId),
      SmartAGId: required(sagId),
      SmartAGUid: uid("InvalidSmartAGUid"),
    },
    async run(call, v) {
      await call.change((change) => bindInstance(change, call.caller.tenant, v.CcnId, v.SmartAGId));
      return {};
    },
  }),
  operation("UnbindSmartAccessGateway", {
    access: "write",
    summary: "Unbinds an instance; clients stay connected, without routes.",
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      SmartAGId: required(sagId),
      SmartAGUid: uid("InvalidSmartAGUid"),
    },
    async run(call, v) {
      await call.change((change) => unbindInstance(change, call.caller.tenant, v.CcnId, v.SmartAGId));
      return {};
    },
  }),
  operation("AttachCcnInstanceToCen", {
    access: "write",
    summary: "Attaches a CCN to a CEN of the same account; to at most one.",
    parameters: { RegionId: region, CcnId: ccnId, CenId: id, Subnet: text({ max: 64 }) },
    async run(call, v) {
      const { tenant } = call.caller;
      const [ccn, cen] = both(v);
      await call.change(async (change) => {
        await ownCcn(change.tx, tenant, ccn);
        await ownCen(change.tx, tenant, cen);
        await attachChild(change, tenant, {
          cenId: cen,
          type: "CCN",
          childId: ccn,
          region: undefined,
          subnet: v.Subnet ?? "",
        });
      });
      return {};
    },
  }),
  operation("DetachCcnInstanceFromCen", {
    access: "write",
    summary: "Detaches a CCN from the CEN.",
    parameters: { RegionId: region, CcnId: ccnId, CenId: id },
    async run(call, v) {
      const [ccn, cen] = both(v);
      await call.change(async (change) => {
        await ownCcn(change.tx, call.caller.tenant, ccn);
        await detachChild(change, { cenId: cen, type: "CCN", childId: ccn });
      });
      return {};
    },
  }),
];

/** The published page marks them optional; without them nothing can be done. */
function both(v: { CcnId: string | undefined; CenId: string | undefined }): [string, string] {
  if (v.CcnId === undefined) throw new ApiFailure("MissingCcnId", "The parameter CcnId is missing.");
  if (v.CenId === undefined) throw new ApiFailure("MissingCenId", "The parameter CenId is missing.");
  return [v.CcnId, v.CenId];
}

function boundTo(db: Parameters<typeof ownCcn>[0], ids: readonly string[]) {
  return db.selectFrom("instance").select(["bound_ccn_id", "locked"]).where("bound_ccn_id", "in", ids).execute();
}
