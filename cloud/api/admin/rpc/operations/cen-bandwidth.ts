import {
  cenLimit,
  cenLimits,
  packageCreate,
  packageDelete,
  packageList,
  packageUnuse,
  packageUse,
} from "../../../../admin/commands/cens.ts";
import { say } from "../../../../base/say.ts";
import type { PackageView } from "../../../../domain/cen/listing.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices, ranges } from "../../../../domain/limits/values.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import {
  bool,
  cenArea,
  cenRegion,
  clientToken,
  filters,
  filtersBy,
  id,
  isoTime,
  paging,
  placeOf,
  required,
  text,
  whole,
  wishOf,
} from "./common.ts";
import { givenTags, tagFilters, tags, tagsAnswer } from "./tags.ts";

const mapped = mapping("cbn", "cenBandwidth");

const packageId = required(id);

const answerOf = (row: PackageView) => ({
  CenBandwidthPackageId: row.id,
  Name: row.name,
  Description: row.description,
  Bandwidth: row.bandwidth,
  BandwidthPackageChargeType: row.chargeType,
  BusinessStatus: "Normal",
  CenIds: { CenId: row.cenId === null ? [] : [row.cenId] },
  CreationTime: isoTime(row.createdAt),
  ExpiredTime: "",
  GeographicRegionAId: row.areaA,
  GeographicRegionBId: row.areaB,
  GeographicSpanId: row.spanId,
  HasReservationData: "false",
  IsCrossBorder: row.areaA !== row.areaB && (row.areaA === "China" || row.areaB === "China"),
  OrginInterRegionBandwidthLimits: {
    OrginInterRegionBandwidthLimit: row.limits.map((limit) => ({
      LocalRegionId: limit.localRegion,
      OppositeRegionId: limit.oppositeRegion,
      BandwidthLimit: String(limit.bandwidth),
      GeographicSpanId: row.spanId,
    })),
  },
  ResourceGroupId: "",
  Status: row.cenId === null ? "Idle" : "InUse",
  Tags: tagsAnswer(row.tags),
});

export const cenBandwidthOperations: Operation[] = [
  mapped("CreateCenBandwidthPackage", {
    command: packageCreate,
    parameters: {
      Bandwidth: required(
        whole({
          ...ranges.packageBandwidth,
          invalid: "ParameterIllegal.Bandwidth",
          rule: say("form_package_bandwidth"),
        }),
      ),
      GeographicRegionAId: required(cenArea),
      GeographicRegionBId: required(cenArea),
      Name: text({ ...textRules.cenName, invalid: "InvalidName" }),
      Description: text({ ...textRules.cenDescription, invalid: "InvalidDescription" }),
      BandwidthPackageChargeType: text({ oneOf: choices.chargeType }),
      PricingCycle: text({ oneOf: ["Month", "Year"] }),
      Period: whole({ min: 1, max: 36 }),
      AutoPay: bool(),
      AutoRenew: bool(),
      AutoRenewDuration: whole({ min: 1, max: 36 }),
      Tag: tags,
      ClientToken: clientToken,
    },
    input: (v) => ({
      name: v.Name ?? "",
      description: v.Description ?? "",
      bandwidth: v.Bandwidth,
      areaA: v.GeographicRegionAId,
      areaB: v.GeographicRegionBId,
      chargeType: v.BandwidthPackageChargeType ?? "PREPAY",
      tags: givenTags(v.Tag),
    }),
    answer: ({ id }) => ({ CenBandwidthPackageId: id, CenBandwidthPackageOrderId: id.replace("cenbwp-", "") }),
  }),
  mapped("DeleteCenBandwidthPackage", {
    command: packageDelete,
    parameters: { CenBandwidthPackageId: packageId },
    input: (v) => ({ package: v.CenBandwidthPackageId }),
    codes: { "no-package": "ParameterBwpInstanceId" },
  }),
  mapped("DescribeCenBandwidthPackages", {
    command: packageList,
    parameters: {
      Filter: filters,
      IsOrKey: bool(),
      IncludeReservationData: bool(say("form_no_effect")),
      ResourceGroupId: text({ max: 64 }),
      Tag: tags,
      ...paging,
    },
    input: (v) => ({
      by: filtersBy(v.Filter, { CenBandwidthPackageId: "id", CenId: "cenId", Name: "name" } as const),
      any: v.IsOrKey ?? false,
      having: tagFilters(v.Tag),
      none: v.ResourceGroupId !== undefined,
      page: wishOf(v),
    }),
    answer: (page) => ({ ...placeOf(page), CenBandwidthPackages: { CenBandwidthPackage: page.rows.map(answerOf) } }),
  }),
  mapped("AssociateCenBandwidthPackage", {
    command: packageUse,
    parameters: { CenId: required(id), CenBandwidthPackageId: packageId },
    input: (v) => ({ cen: v.CenId, package: v.CenBandwidthPackageId }),
  }),
  mapped("UnassociateCenBandwidthPackage", {
    command: packageUnuse,
    parameters: { CenId: required(id), CenBandwidthPackageId: packageId },
    input: (v) => ({ cen: v.CenId, package: v.CenBandwidthPackageId }),
  }),
  mapped("SetCenInterRegionBandwidthLimit", {
    command: cenLimit,
    parameters: {
      CenId: required(id),
      LocalRegionId: required(cenRegion),
      OppositeRegionId: required(cenRegion),
      BandwidthLimit: required(
        whole({
          ...ranges.regionBandwidth,
          invalid: "ParameterIllegal.BandwidthLimit",
          rule: say("form_region_bandwidth"),
        }),
      ),
      BandwidthType: text({ oneOf: ["BandwidthPackage", "DataTransfer"] }),
    },
    input: (v) => ({
      cenId: v.CenId,
      localRegion: v.LocalRegionId,
      oppositeRegion: v.OppositeRegionId,
      bandwidth: v.BandwidthLimit,
    }),
  }),
  mapped("DescribeCenInterRegionBandwidthLimits", {
    command: cenLimits,
    parameters: { CenId: id, TrRegionId: cenRegion, ...paging },
    input: (v) => ({ cen: v.CenId, region: v.TrRegionId, page: wishOf(v) }),
    answer: (page) => ({
      ...placeOf(page),
      CenInterRegionBandwidthLimits: {
        CenInterRegionBandwidthLimit: page.rows.map((limit) => ({
          CenId: limit.cenId,
          LocalRegionId: limit.localRegion,
          OppositeRegionId: limit.oppositeRegion,
          BandwidthLimit: limit.bandwidth,
          BandwidthPackageId: limit.packageId,
          BandwidthType: "BandwidthPackage",
          GeographicSpanId: limit.spanId,
          Status: "Active",
        })),
      },
    }),
  }),
];
