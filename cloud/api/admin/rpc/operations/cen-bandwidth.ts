import {
  associatePackage,
  createPackage,
  deletePackage,
  ownPackage,
  type PackageRow,
  setRegionLimit,
  unassociatePackage,
} from "../../../../domain/cen/bandwidth.ts";
import { ownCen } from "../../../../domain/cen/cen.ts";
import { setTags, tagsOf } from "../../../../domain/tags.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { type Answer, type Call, group, type Operation } from "../protocol/operation.ts";
import {
  cenArea,
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
  truth,
  whole,
} from "./common.ts";
import { givenTags, tags, toldTags } from "./tags.ts";

const operation = group("cbn", "CEN bandwidth");

const packageId = required(id);

function told(row: PackageRow) {
  return {
    CenBandwidthPackageId: row.id,
    Name: row.name,
    Description: row.description,
    Bandwidth: row.bandwidth,
    BandwidthPackageChargeType: row.charge_type,
    BusinessStatus: "Normal",
    CenIds: { CenId: row.cen_id === null ? [] : [row.cen_id] },
    CreationTime: isoTime(row.created_at),
    ExpiredTime: "",
    GeographicRegionAId: row.area_a,
    GeographicRegionBId: row.area_b,
    GeographicSpanId: `${row.area_a}_${row.area_b}`,
    HasReservationData: "false",
    IsCrossBorder: row.area_a !== row.area_b && (row.area_a === "China" || row.area_b === "China"),
    ResourceGroupId: "",
    Status: row.cen_id === null ? "Idle" : "InUse",
  };
}

/** Does something with a package and a CEN, both the caller's own. */
async function withPackage(
  call: Call,
  v: { CenId: string; CenBandwidthPackageId: string },
  act: typeof associatePackage,
): Promise<Answer> {
  const { tenant } = call.caller;
  await call.change(async (change) => {
    await ownCen(change.tx, tenant, v.CenId);
    await act(change, await ownPackage(change.tx, tenant, v.CenBandwidthPackageId), v.CenId);
  });
  return {};
}

export const cenBandwidthOperations: Operation[] = [
  operation("CreateCenBandwidthPackage", {
    access: "write",
    summary: "Makes a bandwidth package for two areas.",
    parameters: {
      Bandwidth: required(
        whole({ min: 2, max: 10_000, invalid: "ParameterIllegal.Bandwidth", rule: "2-10000 Mbit/s" }),
      ),
      GeographicRegionAId: required(cenArea),
      GeographicRegionBId: required(cenArea),
      Name: text({ min: 2, max: 128, invalid: "InvalidName" }),
      Description: text({ min: 2, max: 256, invalid: "InvalidDescription" }),
      BandwidthPackageChargeType: text({ oneOf: ["PREPAY", "POSTPAY"] }),
      PricingCycle: text({ oneOf: ["Month", "Year"] }),
      Period: whole({ min: 1, max: 36 }),
      AutoPay: truth(),
      AutoRenew: truth(),
      AutoRenewDuration: whole({ min: 1, max: 36 }),
      Tag: tags,
      ClientToken: clientToken,
    },
    async run(call, v) {
      const wanted = {
        name: v.Name ?? "",
        description: v.Description ?? "",
        bandwidth: v.Bandwidth,
        areaA: v.GeographicRegionAId,
        areaB: v.GeographicRegionBId,
        chargeType: v.BandwidthPackageChargeType ?? "PREPAY",
      };
      const row = await call.change(async (change) => {
        const made = await createPackage(change, call.caller.tenant, wanted);
        await setTags(change.tx, made.id, givenTags(v.Tag));
        return made;
      });
      return { CenBandwidthPackageId: row.id, CenBandwidthPackageOrderId: row.id.replace("cenbwp-", "") };
    },
  }),
  operation("DeleteCenBandwidthPackage", {
    access: "write",
    summary: "Deletes a package that is not associated.",
    parameters: { CenBandwidthPackageId: packageId },
    async run(call, v) {
      await call.change(async (change) => {
        await deletePackage(change, await ownPackage(change.tx, call.caller.tenant, v.CenBandwidthPackageId));
      });
      return {};
    },
  }),
  operation("DescribeCenBandwidthPackages", {
    access: "read",
    summary: "Lists packages; filters are CenBandwidthPackageId, CenId and Name.",
    parameters: {
      Filter: filters,
      IsOrKey: truth(),
      IncludeReservationData: truth(),
      ResourceGroupId: text({ max: 64 }),
      Tag: tags,
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      let query = db.selectFrom("cen_bandwidth_package").selectAll().where("tenant_id", "=", call.caller.tenant.id);
      const columns = { CenBandwidthPackageId: "id", CenId: "cen_id", Name: "name" } as const;
      for (const { Key, Value } of v.Filter ?? []) {
        const column = Object.hasOwn(columns, Key ?? "") ? columns[Key as keyof typeof columns] : undefined;
        if (!column) throw new ApiFailure("InvalidFilter", "A filter's key is CenBandwidthPackageId, CenId or Name.");
        query = query.where(column, "in", Value ?? [""]);
      }
      const page = await pageOf(call, query, "cen_bandwidth_package", v);
      const ids = page.rows.map((row) => row.id);
      const tagged = await tagsOf(db, ids);
      const limits =
        ids.length === 0
          ? []
          : await db.selectFrom("cen_region_limit").selectAll().where("package_id", "in", ids).execute();
      const CenBandwidthPackage = page.rows.map((row) => ({
        ...told(row),
        OrginInterRegionBandwidthLimits: {
          OrginInterRegionBandwidthLimit: limits
            .filter((limit) => limit.package_id === row.id)
            .map((limit) => ({
              LocalRegionId: limit.local_region,
              OppositeRegionId: limit.opposite_region,
              BandwidthLimit: String(limit.bandwidth),
              GeographicSpanId: told(row).GeographicSpanId,
            })),
        },
        Tags: toldTags(tagged.get(row.id)),
      }));
      return { ...page.told, CenBandwidthPackages: { CenBandwidthPackage } };
    },
  }),
  operation("AssociateCenBandwidthPackage", {
    access: "write",
    summary: "Gives a package to a CEN; one per pair of areas.",
    parameters: { CenId: required(id), CenBandwidthPackageId: packageId },
    run: (call, v) => withPackage(call, v, associatePackage),
  }),
  operation("UnassociateCenBandwidthPackage", {
    access: "write",
    summary: "Takes a package from a CEN, with the limits that live on it.",
    parameters: { CenId: required(id), CenBandwidthPackageId: packageId },
    run: (call, v) => withPackage(call, v, unassociatePackage),
  }),
  operation("SetCenInterRegionBandwidthLimit", {
    access: "write",
    summary: "Sets what of the package flows between two regions of different areas; 0 takes it away.",
    parameters: {
      CenId: required(id),
      LocalRegionId: required(cenRegion),
      OppositeRegionId: required(cenRegion),
      BandwidthLimit: required(
        whole({ min: 0, max: 10_000, invalid: "ParameterIllegal.BandwidthLimit", rule: "0-10000 Mbit/s" }),
      ),
      BandwidthType: text({ oneOf: ["BandwidthPackage", "DataTransfer"] }),
    },
    async run(call, v) {
      await call.change(async (change) => {
        await ownCen(change.tx, call.caller.tenant, v.CenId);
        await setRegionLimit(change, {
          cenId: v.CenId,
          localRegion: v.LocalRegionId,
          oppositeRegion: v.OppositeRegionId,
          bandwidth: v.BandwidthLimit,
        });
      });
      return {};
    },
  }),
  operation("DescribeCenInterRegionBandwidthLimits", {
    access: "read",
    summary: "Lists those limits.",
    parameters: { CenId: id, TrRegionId: cenRegion, ...paging },
    async run(call, v) {
      const db = call.context.store;
      if (v.CenId) await ownCen(db, call.caller.tenant, v.CenId);
      let query = db
        .selectFrom("cen_region_limit")
        .innerJoin("cen", "cen.id", "cen_region_limit.cen_id")
        .innerJoin("cen_bandwidth_package", "cen_bandwidth_package.id", "cen_region_limit.package_id")
        .selectAll("cen_region_limit")
        .select(["area_a", "area_b"])
        .where("cen.tenant_id", "=", call.caller.tenant.id);
      if (v.CenId) query = query.where("cen.id", "=", v.CenId);
      const region = v.TrRegionId;
      if (region) {
        query = query.where((e) => e.or([e("local_region", "=", region), e("opposite_region", "=", region)]));
      }
      const ordered = query.orderBy("cen_region_limit.cen_id").orderBy("local_region").orderBy("opposite_region");
      const page = await pageInOrder(ordered, v);
      const CenInterRegionBandwidthLimit = page.rows.map((row) => ({
        CenId: row.cen_id,
        LocalRegionId: row.local_region,
        OppositeRegionId: row.opposite_region,
        BandwidthLimit: row.bandwidth,
        BandwidthPackageId: row.package_id,
        BandwidthType: "BandwidthPackage",
        GeographicSpanId: `${row.area_a}_${row.area_b}`,
        Status: "Active",
      }));
      return { ...page.told, CenInterRegionBandwidthLimits: { CenInterRegionBandwidthLimit } };
    },
  }),
];
