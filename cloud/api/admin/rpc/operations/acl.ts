import { sql } from "kysely";
import {
  type AclRuleRow,
  addRule,
  associateAcl,
  createAcl,
  deleteAcl,
  deleteRule,
  disassociateAcl,
  modifyRule,
  ownAcl,
  type RuleValues,
  renameAcl,
  ruleOf,
} from "../../../../domain/acl/acl.ts";
import { type Answer, group, type Operation } from "../protocol/operation.ts";
import { contains, id, inRegion, list, pageInOrder, pageOf, paging, required, sagId, text, whole } from "./common.ts";

const operation = group("smartag", "ACL");

const one = { RegionId: inRegion, AclId: required(id) };
const aclName = text({ min: 2, max: 100 });
const dpi = list(text({ max: 64 }), 10);
const rule = {
  Direction: text({ oneOf: ["in", "out"] }),
  Policy: text({ oneOf: ["accept", "drop"] }),
  IpProtocol: text({ min: 1, max: 16, pattern: /^[0-9A-Za-z]+$/, rule: "a protocol's name, or ALL" }),
  SourceCidr: text({ max: 64, rule: "a prefix such as 10.0.0.0/8" }),
  DestCidr: text({ max: 64, rule: "a prefix such as 10.0.0.0/8" }),
  SourcePortRange: text({ max: 16, rule: "a range in 1-65535 such as 80/80, or -1/-1" }),
  DestPortRange: text({ max: 16, rule: "a range in 1-65535 such as 80/80, or -1/-1" }),
};
const ruleExtras = {
  Priority: whole({ min: 1, max: 100 }),
  Name: text({ min: 2, max: 100 }),
  Description: text({ min: 1, max: 512 }),
  Type: text({ oneOf: ["LAN", "WAN"] }),
  DpiGroupIds: dpi,
  DpiSignatureIds: dpi,
};

function told(row: AclRuleRow): Answer {
  return {
    AclId: row.acl_id,
    AcrId: row.id,
    Name: row.name,
    Description: row.description,
    Direction: row.direction,
    Policy: row.policy,
    Priority: row.priority,
    IpProtocol: row.protocol,
    SourceCidr: row.source_cidr,
    DestCidr: row.dest_cidr,
    SourcePortRange: row.source_ports,
    DestPortRange: row.dest_ports,
    Type: row.type,
    GmtCreate: row.created_at,
    DpiGroupIds: { DpiGroupId: JSON.parse(row.dpi_group_ids) as string[] },
    DpiSignatureIds: { DpiSignatureId: JSON.parse(row.dpi_signature_ids) as string[] },
  };
}

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

/** Given fields only. */
function columns(v: Given): Partial<RuleValues> {
  const all = {
    direction: v.Direction,
    policy: v.Policy,
    protocol: v.IpProtocol,
    source_cidr: v.SourceCidr,
    dest_cidr: v.DestCidr,
    source_ports: v.SourcePortRange,
    dest_ports: v.DestPortRange,
    priority: v.Priority,
    name: v.Name,
    description: v.Description,
    type: v.Type,
    dpi_group_ids: v.DpiGroupIds && JSON.stringify(v.DpiGroupIds),
    dpi_signature_ids: v.DpiSignatureIds && JSON.stringify(v.DpiSignatureIds),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const ruleDefaults = {
  priority: 1,
  name: "",
  description: "",
  type: "LAN",
  dpi_group_ids: "[]",
  dpi_signature_ids: "[]",
};

export const aclOperations: Operation[] = [
  operation("CreateACL", {
    access: "write",
    summary: "Makes an access control list; of type acl-software unless told otherwise.",
    parameters: {
      RegionId: inRegion,
      Name: required(aclName),
      AclType: text({ oneOf: ["acl-software", "acl-hardware"], invalid: "ACL.InvalidType" }),
    },
    async run(call, v) {
      const wanted = { name: v.Name, type: v.AclType ?? "acl-software", region: v.RegionId };
      const row = await call.change((change) => createAcl(change, call.caller.tenant, wanted));
      return { AclId: row.id, AclType: row.type, ResourceGroupId: "" };
    },
  }),
  operation("ModifyACL", {
    access: "write",
    summary: "Renames a list.",
    parameters: { ...one, Name: required(aclName) },
    async run(call, v) {
      await call.change(async (change) => {
        await renameAcl(change, await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId), v.Name);
      });
      return {};
    },
  }),
  operation("DeleteACL", {
    access: "write",
    summary: "Deletes a list that no instance has.",
    parameters: { RegionId: inRegion, AclId: required(id) },
    async run(call, v) {
      await call.change(async (change) => {
        await deleteAcl(change, await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId));
      });
      return {};
    },
  }),
  operation("DescribeACLs", {
    access: "read",
    summary: "Lists the lists.",
    parameters: {
      RegionId: inRegion,
      AclIds: text({ max: 1_000, rule: "ids separated by commas" }),
      AclType: text({ oneOf: ["acl-software", "acl-hardware"], invalid: "ACL.InvalidType" }),
      Name: text({ max: 100 }),
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      let query = db
        .selectFrom("acl")
        .selectAll()
        .where("tenant_id", "=", call.caller.tenant.id)
        .where("region", "=", v.RegionId);
      if (v.AclIds) query = query.where("id", "in", v.AclIds.split(","));
      if (v.AclType) query = query.where("type", "=", v.AclType);
      if (v.Name) query = query.where(sql<boolean>`name like ${contains(v.Name)} escape '\\'`);
      const page = await pageOf(call, query, "acl", v);
      const ids = page.rows.map((row) => row.id);
      const used =
        ids.length === 0 ? [] : await db.selectFrom("acl_instance").selectAll().where("acl_id", "in", ids).execute();
      const Acl = page.rows.map((row) => ({
        AclId: row.id,
        AclType: row.type,
        Name: row.name,
        ResourceGroupId: "",
        SagCount: String(used.filter((u) => u.acl_id === row.id).length),
      }));
      return { ...page.told, Acls: { Acl } };
    },
  }),
  operation("DescribeACLAttribute", {
    access: "read",
    summary: "Lists the rules of a list, those that win first.",
    parameters: {
      ...one,
      Direction: rule.Direction,
      Name: text({ max: 100 }),
      Order: text({ oneOf: ["asc", "desc"] }),
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      const acl = await ownAcl(db, call.caller.tenant, v.AclId, v.RegionId);
      let query = db.selectFrom("acl_rule").selectAll().where("acl_id", "=", acl.id);
      if (v.Direction) query = query.where("direction", "=", v.Direction);
      if (v.Name) query = query.where("name", "=", v.Name);
      const page = await pageInOrder(
        query
          .orderBy("priority", v.Order === "desc" ? "desc" : "asc")
          .orderBy("created_at")
          .orderBy("id"),
        v,
      );
      return { ...page.told, Acrs: { Acr: page.rows.map((row) => ({ ...told(row), AclType: acl.type })) } };
    },
  }),
  operation("GetAclAttribute", {
    access: "read",
    summary: "Tells a list's name.",
    parameters: one,
    async run(call, v) {
      const acl = await ownAcl(call.context.store, call.caller.tenant, v.AclId, v.RegionId);
      return { AclId: acl.id, AclName: acl.name, ErrorConfigSmartAGCount: 0 };
    },
  }),
  operation("AddACLRule", {
    access: "write",
    summary: "Adds a rule; of two, the one with the smaller priority wins.",
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
    async run(call, v) {
      const values = { ...ruleDefaults, ...columns(v) } as RuleValues;
      return call.change(async (change) => {
        return told(await addRule(change, await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId), values));
      });
    },
  }),
  operation("ModifyACLRule", {
    access: "write",
    summary: "Changes a rule.",
    parameters: { ...one, AcrId: required(id), ...rule, ...ruleExtras },
    async run(call, v) {
      return call.change(async (change) => {
        const acl = await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId);
        const { Type: _unpublished, ...answer } = told(
          await modifyRule(change, await ruleOf(change.tx, acl, v.AcrId), columns(v)),
        );
        return answer;
      });
    },
  }),
  operation("DeleteACLRule", {
    access: "write",
    summary: "Deletes a rule.",
    parameters: { ...one, AcrId: required(id) },
    async run(call, v) {
      await call.change(async (change) => {
        const acl = await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId);
        await deleteRule(change, await ruleOf(change.tx, acl, v.AcrId));
      });
      return {};
    },
  }),
  ...(["Associate", "Disassociate"] as const).map((verb) =>
    operation(`${verb}ACL`, {
      access: "write",
      summary: verb === "Associate" ? "Gives an instance a list; at most one." : "Takes the list from the instance.",
      parameters: { ...one, SmartAGId: required(sagId) },
      async run(call, v) {
        const change_ = verb === "Associate" ? associateAcl : disassociateAcl;
        await call.change(async (change) => {
          const acl = await ownAcl(change.tx, call.caller.tenant, v.AclId, v.RegionId);
          await change_(change, call.caller.tenant, acl, v.SmartAGId);
        });
        return {};
      },
    }),
  ),
];
