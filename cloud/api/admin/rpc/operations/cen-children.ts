import { cenAttach, cenChild, cenChildren, cenDetach } from "../../../../admin/commands/cens.ts";
import { plainRegion } from "../../../../domain/cen/bandwidth.ts";
import type { ChildType } from "../../../../domain/cen/children.ts";
import type { ChildView } from "../../../../domain/cen/listing.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { cenId } from "./cen.ts";
import { cenRegion, id, isoTime, paging, placeOf, required, text, uid, wishOf } from "./common.ts";

const mapped = mapping("cbn", "cen");

export const childType = text({ oneOf: ["CCN", "VPC"], invalid: "ParameterIllegal.ChildInstanceType" });
const child = {
  CenId: cenId,
  ChildInstanceId: required(id),
  ChildInstanceRegionId: required(cenRegion),
  ChildInstanceType: required(childType),
};
const owner = uid("ParameterIllegal.ChildInstanceUid");

/** An attachment in the API's form. The region of a CCN has the prefix "ccn-". */
const attachment = (view: ChildView) => ({
  CenId: view.cenId,
  ChildInstanceId: view.id,
  ChildInstanceType: view.type,
  ChildInstanceRegionId: view.type === "CCN" ? `ccn-${view.region}` : view.region,
  ChildInstanceOwnerId: view.ownerUid,
  ChildInstanceAttachTime: isoTime(view.attachedAt),
  ManagedService: "false",
  Status: "Attached",
});

export const cenChildOperations: Operation[] = [
  mapped("AttachCenChildInstance", {
    command: cenAttach,
    parameters: { ...child, ChildInstanceOwnerId: owner },
    input: (v) => ({
      cen: v.CenId,
      child: v.ChildInstanceId,
      type: v.ChildInstanceType as ChildType,
      region: plainRegion(v.ChildInstanceRegionId),
      owner: v.ChildInstanceOwnerId,
    }),
  }),
  mapped("DetachCenChildInstance", {
    command: cenDetach,
    parameters: { ...child, ChildInstanceOwnerId: owner, CenOwnerId: uid("ParameterIllegal.CenUid") },
    input: (v) => ({
      cen: v.CenId,
      child: v.ChildInstanceId,
      type: v.ChildInstanceType as ChildType,
      region: plainRegion(v.ChildInstanceRegionId),
      owner: v.ChildInstanceOwnerId,
      cenOwner: v.CenOwnerId,
    }),
    codes: { "not-attached": "ParameterInstanceId" },
  }),
  mapped("DescribeCenAttachedChildInstances", {
    command: cenChildren,
    parameters: { CenId: cenId, ChildInstanceRegionId: cenRegion, ChildInstanceType: childType, ...paging },
    input: (v) => ({
      cen: v.CenId,
      type: v.ChildInstanceType as ChildType | undefined,
      region: v.ChildInstanceRegionId && plainRegion(v.ChildInstanceRegionId),
      page: wishOf(v),
    }),
    answer: (page) => ({ ...placeOf(page), ChildInstances: { ChildInstance: page.rows.map(attachment) } }),
  }),
  mapped("DescribeCenAttachedChildInstanceAttribute", {
    command: cenChild,
    parameters: child,
    codes: { "no-child": "ParameterInstanceId" },
    input: (v) => ({
      cen: v.CenId,
      child: v.ChildInstanceId,
      type: v.ChildInstanceType as ChildType,
      region: plainRegion(v.ChildInstanceRegionId),
    }),
    answer(view) {
      const v4 = view.cidrs.filter((cidr) => !cidr.includes(":"));
      const v6 = view.cidrs.filter((cidr) => cidr.includes(":"));
      return {
        ...attachment(view),
        ChildInstanceName: view.name,
        ChildInstanceAttributes: {
          CidrBlock: v4[0] ?? "",
          Ipv6CidrBlock: v6[0] ?? "",
          Ipv6CidrBlocks: { ipv6CidrBlock: v6.map((cidr) => ({ Ipv6CidrBlock: cidr })) },
          SecondaryCidrBlocks: { secondaryCidrBlock: v4.slice(1) },
        },
      };
    },
  }),
];
