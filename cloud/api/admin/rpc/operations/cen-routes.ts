import { cenRoutes } from "../../../../admin/commands/cens.ts";
import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import type { ChildType } from "../../../../domain/cen/children.ts";
import type { CenRoute } from "../../../../domain/cen/routes.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { cenId } from "./cen.ts";
import { childType } from "./cen-children.ts";
import { cenRegion, id, paging, placeOf, required, text, wishOf } from "./common.ts";

const mapped = mapping("cbn", "cen");

const filter = { Status: text({ max: 32 }), ...paging };

export const cenRouteOperations: Operation[] = [
  mapped("DescribeCenChildInstanceRouteEntries", {
    command: cenRoutes,
    parameters: {
      CenId: cenId,
      ChildInstanceId: required(id),
      ChildInstanceRegionId: cenRegion,
      ChildInstanceType: required(childType),
      ChildInstanceRouteTableId: id,
      ...filter,
    },
    input: (v) => ({
      cen: v.CenId,
      child: v.ChildInstanceId,
      type: v.ChildInstanceType as ChildType,
      region: v.ChildInstanceRegionId && plainRegion(v.ChildInstanceRegionId),
      // Routes do not belong to route tables here.
      ...withStatus(v.Status, v.ChildInstanceRouteTableId !== undefined),
      page: wishOf(v),
    }),
    answer: (page, v) => ({
      ...placeOf(page),
      CenRouteEntries: {
        CenRouteEntry: page.rows.map((route) => ({
          Conflicts: { Conflict: route.conflicts.map(conflict) },
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
      },
    }),
  }),
  mapped("DescribeCenRegionDomainRouteEntries", {
    command: cenRoutes,
    parameters: { CenId: cenId, CenRegionId: required(cenRegion), ...filter },
    input: (v) => ({
      cen: v.CenId,
      region: plainRegion(v.CenRegionId),
      ...withStatus(v.Status, false),
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      CenRouteEntries: {
        CenRouteEntry: page.rows.map((route) => ({
          DestinationCidrBlock: route.cidr,
          NextHopInstanceId: route.networkId,
          NextHopRegionId: route.region,
          NextHopType: "VPC",
          Preference: 0,
          Status: route.carried ? "Active" : "Candidate",
          ToOtherRegionStatus: "Active",
          Type: "CEN",
        })),
      },
    }),
  }),
];

/** The filter for a Status; a route has no other status than these two. */
function withStatus(status: string | undefined, none: boolean) {
  const known = status === undefined || status === "Active" || status === "Candidate";
  return { carried: status === undefined ? undefined : status === "Active", none: none || !known };
}

const conflict = (other: CenRoute["conflicts"][number]) => ({
  DestinationCidrBlock: other.cidr,
  InstanceId: other.networkId,
  InstanceType: "VPC",
  RegionId: other.region,
  Status: "conflict",
});
