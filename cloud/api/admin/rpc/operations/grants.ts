import {
  ccnGrant,
  ccnGrants,
  ccnRevoke,
  instanceGrant,
  instanceGrants,
  instanceRevoke,
} from "../../../../admin/commands/ccns.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, ccnId, id, inRegion, paging, placeOf, required, sagId, uid, wishOf } from "./common.ts";

const mapped = mapping("smartag", "ccn");

export const grantOperations: Operation[] = [
  mapped("GrantSagInstanceToCcn", {
    command: instanceGrant,
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      CcnInstanceId: required(ccnId),
      CcnUid: required(uid("CCN.InvalidUid")),
      GrantTrafficService: bool(),
    },
    input: (v) => ({
      instanceId: v.SmartAGId,
      region: v.RegionId,
      ccnId: v.CcnInstanceId,
      ccnUid: v.CcnUid,
      trafficService: v.GrantTrafficService ?? false,
    }),
    answer: (id) => ({ InstanceId: id }),
  }),
  mapped("RevokeSagInstanceFromCcn", {
    command: instanceRevoke,
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), CcnInstanceId: required(ccnId) },
    input: (v) => ({ instanceId: v.SmartAGId, region: v.RegionId, ccnId: v.CcnInstanceId }),
  }),
  mapped("GrantInstanceToCbn", {
    command: ccnGrant,
    parameters: {
      RegionId: inRegion,
      CcnInstanceId: required(ccnId),
      CenInstanceId: required(id),
      CenUid: required(uid("InvalidCenUid")),
      GrantTrafficService: bool(),
    },
    input: (v) => ({
      ccnId: v.CcnInstanceId,
      region: v.RegionId,
      cenId: v.CenInstanceId,
      cenUid: v.CenUid,
      trafficService: v.GrantTrafficService ?? false,
    }),
  }),
  mapped("RevokeInstanceFromCbn", {
    command: ccnRevoke,
    parameters: { RegionId: inRegion, CcnInstanceId: required(ccnId), CenInstanceId: required(id) },
    input: (v) => ({ ccnId: v.CcnInstanceId, region: v.RegionId, cenId: v.CenInstanceId }),
  }),
  mapped("DescribeGrantRules", {
    command: ccnGrants,
    parameters: { RegionId: inRegion, AssociatedCcnId: ccnId, ...paging },
    codes: { "no-own-ccn": "CcnNotExist" },
    input: (v) => ({ region: v.RegionId, ccn: v.AssociatedCcnId, page: wishOf(v) }),
    answer: (page) => ({
      ...placeOf(page),
      GrantRules: {
        GrantRule: page.rows.map((grant) => ({
          GrantRuleId: grant.id,
          CcnInstanceId: grant.ccnId,
          CcnUid: grant.ccnUid,
          CenInstanceId: grant.cenId,
          CenUid: grant.cenUid,
          RegionId: grant.region,
          GmtCreate: grant.createdAt,
          GmtModified: grant.modifiedAt,
          GrantTrafficService: grant.trafficService,
        })),
      },
    }),
  }),
  mapped("DescribeGrantSagRules", {
    command: instanceGrants,
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), ...paging },
    input: (v) => ({ instance: { id: v.SmartAGId, region: v.RegionId }, page: wishOf(v) }),
    answer: (page) => ({
      ...placeOf(page),
      GrantRules: {
        GrantRule: page.rows.map((grant) => ({
          InstanceId: grant.id,
          SmartAGId: grant.instanceId,
          CcnInstanceId: grant.ccnId,
          CcnUid: grant.ccnUid,
          CreateTime: grant.createdAt,
          GrantTrafficService: grant.trafficService,
        })),
      },
    }),
  }),
];
