import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import { ownCen } from "../../../../domain/cen/cen.ts";
import {
  attachChild,
  type Child,
  type ChildType,
  detachChild,
  findChild,
  noChild,
} from "../../../../domain/cen/children.ts";
import { cidrsOf } from "../../../../domain/networks/networks.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { cenId } from "./cen.ts";
import { cenRegion, id, isoTime, pageInOrder, paging, required, text, uid } from "./common.ts";

const operation = group("cbn", "CEN");

export const childType = text({ oneOf: ["CCN", "VPC"], invalid: "ParameterIllegal.ChildInstanceType" });
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

export const cenChildOperations: Operation[] = [
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

export async function attached(db: Db, v: { CenId: string; ChildInstanceId: string; ChildInstanceType: string }) {
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
