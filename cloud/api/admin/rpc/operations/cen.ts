import { cenCreate, cenDelete, cenList, cenSet } from "../../../../admin/commands/cens.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices } from "../../../../domain/limits/values.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { clientToken, filters, filtersBy, id, isoTime, paging, placeOf, required, text, wishOf } from "./common.ts";
import { givenTags, tagFilters, tags, tagsAnswer } from "./tags.ts";

const mapped = mapping("cbn", "cen");

export const cenId = required(id);
const name = text({ ...textRules.cenName, invalid: "InvalidName" });
const description = text({ ...textRules.cenDescription, invalid: "InvalidDescription" });
const protection = text({ oneOf: choices.protectionLevel });
export const cenOperations: Operation[] = [
  mapped("CreateCen", {
    command: cenCreate,
    parameters: {
      Name: name,
      Description: description,
      ProtectionLevel: protection,
      Tag: tags,
      ClientToken: clientToken,
    },
    input: (v) => ({
      name: v.Name ?? "",
      description: v.Description ?? "",
      protectionLevel: v.ProtectionLevel ?? "REDUCED",
      tags: givenTags(v.Tag),
    }),
    answer: (row) => ({ CenId: row.id }),
  }),
  mapped("ModifyCenAttribute", {
    command: cenSet,
    parameters: { CenId: cenId, Name: name, Description: description, ProtectionLevel: protection },
    input: (v) => ({ cen: v.CenId, name: v.Name, description: v.Description, protectionLevel: v.ProtectionLevel }),
  }),
  mapped("DeleteCen", {
    command: cenDelete,
    parameters: { CenId: cenId },
    input: (v) => ({ cen: v.CenId }),
  }),
  mapped("DescribeCens", {
    command: cenList,
    parameters: { Filter: filters, Tag: tags, ResourceGroupId: text({ max: 64 }), ...paging },
    input: (v) => ({
      by: filtersBy(v.Filter, { CenId: "id", Name: "name" } as const),
      having: tagFilters(v.Tag),
      none: v.ResourceGroupId !== undefined,
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      Cens: {
        Cen: page.rows.map((cen) => ({
          CenId: cen.id,
          Name: cen.name,
          Description: cen.description,
          CreationTime: isoTime(cen.createdAt),
          ProtectionLevel: cen.protectionLevel,
          Status: "Active",
          Ipv6Level: "DISABLED",
          ResourceGroupId: "",
          CenBandwidthPackageIds: { CenBandwidthPackageId: cen.bandwidthPackages },
          Tags: tagsAnswer(cen.tags),
        })),
      },
    }),
  }),
];
