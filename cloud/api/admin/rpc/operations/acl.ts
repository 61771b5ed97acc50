import {
  aclAdd,
  aclCreate,
  aclDelete,
  aclList,
  aclRemove,
  aclRename,
  aclRules,
  aclSet,
  aclShow,
  aclUnuse,
  aclUse,
} from "../../../../admin/commands/acls.ts";
import { say } from "../../../../base/say.ts";
import type { RuleValues } from "../../../../domain/acl/acl.ts";
import type { AclRuleView } from "../../../../domain/acl/listing.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { choices, ranges, ruleApplications, ruleProtocol } from "../../../../domain/limits/values.ts";
import { type Answer, mapping, type Operation } from "../protocol/operation.ts";
import { id, inRegion, list, paging, placeOf, required, sagId, text, whole, wishOf } from "./common.ts";

const mapped = mapping("smartag", "acl");

const one = { RegionId: inRegion, AclId: required(id) };
const aclName = text(textRules.aclName);
const dpi = list(text({ max: ruleApplications.length }), ruleApplications.count);
const rule = {
  Direction: text({ oneOf: choices.ruleDirection }),
  Policy: text({ oneOf: choices.rulePolicy }),
  IpProtocol: text({
    ...ruleProtocol,
    rule: say("form_acl_protocol"),
  }),
  SourceCidr: text({ max: 64, rule: say("form_acl_prefix") }),
  DestCidr: text({ max: 64, rule: say("form_acl_prefix") }),
  SourcePortRange: text({ max: 16, rule: say("form_acl_ports") }),
  DestPortRange: text({ max: 16, rule: say("form_acl_ports") }),
};
const ruleExtras = {
  Priority: whole(ranges.rulePriority),
  Name: text(textRules.ruleName),
  Description: text(textRules.ruleDescription),
  Type: text({ oneOf: choices.ruleType }),
  DpiGroupIds: dpi,
  DpiSignatureIds: dpi,
};

const answerOf = (rule: AclRuleView): Answer => ({
  AclId: rule.aclId,
  AcrId: rule.id,
  Name: rule.name,
  Description: rule.description,
  Direction: rule.direction,
  Policy: rule.policy,
  Priority: rule.priority,
  IpProtocol: rule.protocol,
  SourceCidr: rule.sourceCidr,
  DestCidr: rule.destCidr,
  SourcePortRange: rule.sourcePorts,
  DestPortRange: rule.destPorts,
  Type: rule.type,
  GmtCreate: rule.createdAt,
  DpiGroupIds: { DpiGroupId: rule.dpiGroupIds },
  DpiSignatureIds: { DpiSignatureId: rule.dpiSignatureIds },
});

interface Given {
  Direction: string | undefined;
  Policy: string | undefined;
  IpProtocol: string | undefined;
  SourceCidr: string | undefined;
  DestCidr: string | undefined;
  SourcePortRange: string | undefined;
  DestPortRange: string | undefined;
  Priority: number | undefined;
  Name: string | undefined;
  Description: string | undefined;
  Type: string | undefined;
  DpiGroupIds: string[] | undefined;
  DpiSignatureIds: string[] | undefined;
}

/** Columns of the fields that were given. */
function columns(v: Given): Partial<RuleValues> {
  const all = {
    direction: v.Direction,
    policy: v.Policy,
    protocol: v.IpProtocol,
    sourceCidr: v.SourceCidr,
    destCidr: v.DestCidr,
    sourcePorts: v.SourcePortRange,
    destPorts: v.DestPortRange,
    priority: v.Priority,
    name: v.Name,
    description: v.Description,
    type: v.Type,
    dpiGroupIds: v.DpiGroupIds && JSON.stringify(v.DpiGroupIds),
    dpiSignatureIds: v.DpiSignatureIds && JSON.stringify(v.DpiSignatureIds),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export const aclOperations: Operation[] = [
  mapped("CreateACL", {
    command: aclCreate,
    parameters: {
      RegionId: inRegion,
      Name: required(aclName),
      AclType: text({ oneOf: choices.aclType, invalid: "ACL.InvalidType" }),
    },
    input: (v) => ({ name: v.Name, type: v.AclType ?? "acl-software", region: v.RegionId }),
    answer: (row) => ({ AclId: row.id, AclType: row.type, ResourceGroupId: "" }),
  }),
  mapped("ModifyACL", {
    command: aclRename,
    parameters: { ...one, Name: required(aclName) },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, name: v.Name }),
  }),
  mapped("DeleteACL", {
    command: aclDelete,
    parameters: { RegionId: inRegion, AclId: required(id) },
    input: (v) => ({ acl: v.AclId, region: v.RegionId }),
    codes: { "no-acl": "ParameterSagACLId" },
  }),
  mapped("DescribeACLs", {
    command: aclList,
    parameters: {
      RegionId: inRegion,
      AclIds: text({ max: 1_000, rule: say("form_ids") }),
      AclType: text({ oneOf: choices.aclType, invalid: "ACL.InvalidType" }),
      Name: text({ max: 100 }),
      ...paging,
    },
    input: (v) => ({
      region: v.RegionId,
      ids: v.AclIds?.split(","),
      type: v.AclType,
      namePart: v.Name,
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      Acls: {
        Acl: page.rows.map((acl) => ({
          AclId: acl.id,
          AclType: acl.type,
          Name: acl.name,
          ResourceGroupId: "",
          SagCount: String(acl.instances),
        })),
      },
    }),
  }),
  mapped("DescribeACLAttribute", {
    command: aclRules,
    parameters: {
      ...one,
      Direction: rule.Direction,
      Name: text({ max: 100 }),
      Order: text({ oneOf: ["asc", "desc"] }),
      ...paging,
    },
    codes: { "no-acl": "SagAclRuleNotExist" },
    input: (v) => ({
      acl: v.AclId,
      region: v.RegionId,
      direction: v.Direction,
      name: v.Name,
      order: v.Order === "desc" ? ("desc" as const) : ("asc" as const),
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      Acrs: { Acr: page.rows.map((row) => ({ ...answerOf(row), AclType: page.aclType })) },
    }),
  }),
  mapped("GetAclAttribute", {
    command: aclShow,
    parameters: one,
    codes: { "no-acl": "SagAclRuleNotExist" },
    input: (v) => ({ acl: v.AclId, region: v.RegionId }),
    answer: (acl) => ({ AclId: acl.id, AclName: acl.name, ErrorConfigSmartAGCount: 0 }),
  }),
  mapped("AddACLRule", {
    command: aclAdd,
    parameters: {
      ...one,
      Direction: required(rule.Direction),
      Policy: required(rule.Policy),
      IpProtocol: required(rule.IpProtocol),
      SourceCidr: required(rule.SourceCidr),
      DestCidr: required(rule.DestCidr),
      SourcePortRange: required(rule.SourcePortRange),
      DestPortRange: required(rule.DestPortRange),
      ...ruleExtras,
    },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, rule: columns(v) as RuleValues }),
    answer: answerOf,
  }),
  mapped("ModifyACLRule", {
    command: aclSet,
    parameters: { ...one, AcrId: required(id), ...rule, ...ruleExtras },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, id: v.AcrId, rule: columns(v) }),
    answer(row) {
      const { Type: _unpublished, ...answer } = answerOf(row);
      return answer;
    },
  }),
  mapped("DeleteACLRule", {
    command: aclRemove,
    parameters: { ...one, AcrId: required(id) },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, id: v.AcrId }),
    codes: { "no-acl": "ParameterSagACLRuleId", "no-acl-rule": "ParameterSagACLRuleId" },
  }),
  mapped("AssociateACL", {
    command: aclUse,
    parameters: { ...one, SmartAGId: required(sagId) },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, instance: v.SmartAGId }),
  }),
  mapped("DisassociateACL", {
    command: aclUnuse,
    parameters: { ...one, SmartAGId: required(sagId) },
    input: (v) => ({ acl: v.AclId, region: v.RegionId, instance: v.SmartAGId }),
  }),
];
