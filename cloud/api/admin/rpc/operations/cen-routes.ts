import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import { ownCen } from "../../../../domain/cen/cen.ts";
import { networkRoutes } from "../../../../domain/cen/routes.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { cenId } from "./cen.ts";
import { attached, childType } from "./cen-children.ts";
import { cenRegion, id, paging, required, text } from "./common.ts";

const operation = group("cbn", "CEN");

export const cenRouteOperations: Operation[] = [
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
