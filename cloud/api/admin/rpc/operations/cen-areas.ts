import { areaSpans, regions } from "../../../../domain/areas/regions.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { noEffect, paging, text } from "./common.ts";

const operation = group("cbn", "cen");

export const cenAreaOperations: Operation[] = [
  operation("DescribeCenGeographicSpans", {
    access: "read",
    parameters: { GeographicSpanId: text({ max: 64 }), ...paging },
    async run(_call, v) {
      const wanted = areaSpans.filter((span) => v.GeographicSpanId === undefined || span.id === v.GeographicSpanId);
      const PageNumber = v.PageNumber ?? 1;
      const PageSize = v.PageSize ?? 10;
      const GeographicSpanModel = wanted.slice((PageNumber - 1) * PageSize, PageNumber * PageSize).map((span) => ({
        GeographicSpanId: span.id,
        LocalGeoRegionId: span.a,
        OppositeGeoRegionId: span.b,
      }));
      return { PageNumber, PageSize, TotalCount: wanted.length, GeographicSpanModels: { GeographicSpanModel } };
    },
  }),
  operation("DescribeChildInstanceRegions", {
    access: "read",
    parameters: {
      ProductType: text({ oneOf: ["CCN", "VPC", "VBR"] }),
      AcceptLanguage: noEffect,
    },
    async run(_call, v) {
      const written = (type: "CCN" | "VPC") =>
        v.ProductType === undefined || v.ProductType === type
          ? regions.map(({ id, name }) => ({ RegionId: type === "CCN" ? `ccn-${id}` : id, LocalName: name }))
          : [];
      return { Regions: { Region: [...written("VPC"), ...written("CCN")] } };
    },
  }),
];
