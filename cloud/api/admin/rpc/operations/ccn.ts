import {
  ccnAttach,
  ccnBind,
  ccnCreate,
  ccnDelete,
  ccnDetach,
  ccnLimit,
  ccnList,
  ccnSet,
  ccnUnbind,
} from "../../../../admin/commands/ccns.ts";
import { foreign, say } from "../../../../base/say.ts";
import { defaultRegion } from "../../../../domain/areas/regions.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, ccnId, id, inRegion, paging, placeOf, region, required, sagId, text, uid, wishOf } from "./common.ts";
import { tagFilters, tags, tagsAnswer } from "./tags.ts";

const mapped = mapping("smartag", "ccn");

const name = text(textRules.ccnName);
const description = text(textRules.ccnDescription);
/** Documented as enable and disable. Answers contain Enabled and Disabled, so these are accepted too. */
const interworking = text({
  max: 16,
  pattern: /^(enable|disable)d?$/i,
  rule: foreign("enable | disable"),
});
const block = text({ max: 512, rule: say("form_ccn_block") });

export const ccnOperations: Operation[] = [
  mapped("CreateCloudConnectNetwork", {
    command: ccnCreate,
    parameters: {
      RegionId: region,
      Name: name,
      Description: description,
      CidrBlock: block,
      SnatCidrBlock: text({ max: 64, rule: say("form_snat_block") }),
      IsDefault: bool(),
    },
    input: (v) => ({
      name: v.Name ?? "",
      description: v.Description ?? "",
      region: v.RegionId ?? defaultRegion,
      cidrBlock: v.CidrBlock ?? "",
      snatCidrBlock: v.SnatCidrBlock ?? "",
      markedDefault: v.IsDefault ?? false,
    }),
    answer: (ccn) => ({
      CcnId: ccn.id,
      Name: ccn.name,
      Description: ccn.description,
      CidrBlock: ccn.cidrBlock,
      SnatCidrBlock: ccn.snatCidrBlock,
      Status: "Active",
      ResourceGroupId: "",
    }),
  }),
  mapped("ModifyCloudConnectNetwork", {
    command: ccnSet,
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      Name: name,
      Description: description,
      CidrBlock: block,
      InterworkingStatus: interworking,
    },
    input: (v) => ({
      ccn: v.CcnId,
      region: v.RegionId,
      name: v.Name,
      description: v.Description,
      cidrBlock: v.CidrBlock,
      interworking: v.InterworkingStatus === undefined ? undefined : interworkingOf(v.InterworkingStatus),
    }),
  }),
  mapped("DeleteCloudConnectNetwork", {
    command: ccnDelete,
    parameters: { RegionId: region, CcnId: required(ccnId) },
    input: (v) => ({ ccn: v.CcnId, region: v.RegionId }),
    codes: { "no-own-ccn": "ParameterCcnInstanceId" },
  }),
  mapped("DescribeCloudConnectNetworks", {
    command: ccnList,
    parameters: { RegionId: inRegion, CcnId: ccnId, Name: text({ max: 100 }), Tag: tags, ...paging },
    input: (v) => ({
      region: v.RegionId,
      id: v.CcnId,
      namePart: v.Name,
      having: tagFilters(v.Tag),
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      CloudConnectNetworks: {
        CloudConnectNetwork: page.rows.map((ccn) => ({
          CcnId: ccn.id,
          Name: ccn.name,
          Description: ccn.description,
          CidrBlock: ccn.cidrBlock,
          SnatCidrBlock: ccn.snatCidrBlock,
          InterworkingStatus: ccn.interworking,
          CreateTime: ccn.createdAt,
          AssociatedCenId: ccn.cen?.id ?? "",
          AssociatedCenOwnerId: ccn.cen ? String(ccn.cen.ownerUid) : "",
          AssociatedCenStatus: ccn.cen ? "Attached" : "",
          AssociatedCloudBoxCount: String(ccn.instances),
          AvailableCloudBoxCount: String(ccn.activeInstances),
          Subnet: ccn.subnet,
          IsDefault: ccn.isDefault,
          ResourceGroupId: "",
          Tags: tagsAnswer(ccn.tags),
        })),
      },
    }),
  }),
  mapped("GetCloudConnectNetworkUseLimit", {
    command: ccnLimit,
    parameters: { RegionId: inRegion },
    input: () => ({}),
    answer: ({ limit, used }) => ({ TotalAmount: limit, UsedAmount: used }),
  }),
  mapped("BindSmartAccessGateway", {
    command: ccnBind,
    parameters: {
      RegionId: region,
      CcnId: required(ccnId),
      SmartAGId: required(sagId),
      SmartAGUid: uid("InvalidSmartAGUid"),
    },
    input: (v) => ({ ccn: v.CcnId, instance: v.SmartAGId, region: v.RegionId, owner: v.SmartAGUid }),
  }),
  mapped("UnbindSmartAccessGateway", {
    command: ccnUnbind,
    parameters: {
      RegionId: inRegion,
      CcnId: required(ccnId),
      SmartAGId: required(sagId),
      SmartAGUid: uid("InvalidSmartAGUid"),
    },
    input: (v) => ({ ccn: v.CcnId, instance: v.SmartAGId, region: v.RegionId, owner: v.SmartAGUid }),
  }),
  mapped("AttachCcnInstanceToCen", {
    command: ccnAttach,
    parameters: { RegionId: region, CcnId: ccnId, CenId: id, Subnet: text({ max: 64 }) },
    input: (v) => ({ ...both(v), subnet: v.Subnet ?? "" }),
  }),
  mapped("DetachCcnInstanceFromCen", {
    command: ccnDetach,
    parameters: { RegionId: region, CcnId: ccnId, CenId: id },
    input: both,
  }),
];

const interworkingOf = (word: string) => (/^enable/i.test(word) ? ("Enabled" as const) : ("Disabled" as const));

interface Attachment {
  RegionId: string | undefined;
  CcnId: string | undefined;
  CenId: string | undefined;
}

/** The published API marks CcnId and CenId as optional, but the operation needs both. */
function both(v: Attachment): { ccn: string; cen: string; region: string | undefined } {
  if (v.CcnId === undefined) throw new ApiFailure("MissingCcnId", say("parameter_missing", { name: "CcnId" }));
  if (v.CenId === undefined) throw new ApiFailure("MissingCenId", say("parameter_missing", { name: "CenId" }));
  return { ccn: v.CcnId, cen: v.CenId, region: v.RegionId };
}
