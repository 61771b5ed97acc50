import { cenRoutes } from "../../../../admin/commands/cens.ts";
import { overlaps, parseCidr } from "../../../../base/ip.ts";
import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import type { ChildType } from "../../../../domain/cen/children.ts";
import type { CenRoute } from "../../../../domain/cen/routes.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { cenId } from "./cen.ts";
import { childType } from "./cen-children.ts";
import { cenRegion, id, paging, required, text } from "./common.ts";

const mapped = mapping("cbn", "cen");

export const cenRouteOperations: Operation[] = [
  mapped("DescribeCenChildInstanceRouteEntries", {
    command: cenRoutes,
    parameters: {
      CenId: cenId,
      ChildInstanceId: required(id),
      ChildInstanceRegionId: cenRegion,
      ChildInstanceType: required(childType),
      ChildInstanceRouteTableId: id,
      Status: text({ max: 32 }),
      ...paging,
    },
    input: (v) => ({
      cen: v.CenId,
      child: v.ChildInstanceId,
      type: v.ChildInstanceType as ChildType,
      region: v.ChildInstanceRegionId && plainRegion(v.ChildInstanceRegionId),
    }),
    answer: ({ rows }, v) =>
      pagedEntries(
        // Routes do not belong to route tables here.
        (v.ChildInstanceRouteTableId === undefined ? rows : []).map((route) => ({
          Conflicts: { Conflict: conflictsOf(route, rows) },
          DestinationCidrBlock: route.cidr,
          NextHopInstanceId: route.networkId,
          NextHopRegionId: route.region,
          NextHopType: "VPC",
          RouteTableId: "",
          Type: route.networkId === v.ChildInstanceId ? "System" : "CEN",
          Status: route.carried ? "Active" : "Candidate",
          PublishStatus: "Published",
          OperationalMode: false,
        })),
        v,
      ),
  }),
  mapped("DescribeCenRegionDomainRouteEntries", {
    command: cenRoutes,
    parameters: { CenId: cenId, CenRegionId: required(cenRegion), Status: text({ max: 32 }), ...paging },
    input: (v) => ({ cen: v.CenId, region: plainRegion(v.CenRegionId) }),
    answer: ({ rows }, v) =>
      pagedEntries(
        rows.map((route) => ({
          DestinationCidrBlock: route.cidr,
          NextHopInstanceId: route.networkId,
          NextHopRegionId: route.region,
          NextHopType: "VPC",
          Preference: 0,
          Status: route.carried ? "Active" : "Candidate",
          ToOtherRegionStatus: "Active",
          Type: "CEN",
        })),
        v,
      ),
  }),
];

/** Prefixes of other networks in the CEN that overlap this route. */
function conflictsOf(route: CenRoute, all: readonly CenRoute[]) {
  const prefix = parseCidr(route.cidr);
  return all
    .filter((other) => {
      const theirs = other.networkId === route.networkId ? undefined : parseCidr(other.cidr);
      return prefix !== undefined && theirs !== undefined && overlaps(prefix, theirs);
    })
    .map((other) => ({
      DestinationCidrBlock: other.cidr,
      InstanceId: other.networkId,
      InstanceType: "VPC",
      RegionId: other.region,
      Status: "conflict",
    }));
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
