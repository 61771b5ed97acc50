import { createCen, deleteCen, modifyCen, ownCen } from "../../../../domain/cen/cen.ts";
import { tagsOf } from "../../../../domain/tags.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { clientToken, filters, id, isoTime, pageOf, paging, required, text } from "./common.ts";
import { givenTags, havingTags, tags, toldTags } from "./tags.ts";

const operation = group("cbn", "CEN");

export const cenId = required(id);
const name = text({ min: 2, max: 128, invalid: "InvalidName" });
const description = text({ min: 2, max: 256, invalid: "InvalidDescription" });
const protection = text({ oneOf: ["REDUCED", "FULL"] });
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
];
