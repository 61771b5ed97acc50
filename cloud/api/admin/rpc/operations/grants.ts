import { ownCcn } from "../../../../domain/ccn/ccn.ts";
import { grantCcn, grantInstance, revokeCcn, revokeInstance } from "../../../../domain/ccn/grants.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { ccnId, id, inRegion, pageOf, paging, required, sagId, truth, uid } from "./common.ts";

const operation = group("smartag", "CCN");

export const grantOperations: Operation[] = [
  operation("GrantSagInstanceToCcn", {
    access: "write",
    summary: "Lets another account's CCN bind this instance.",
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      CcnInstanceId: required(ccnId),
      CcnUid: required(uid("CCN.InvalidUid")),
      GrantTrafficService: truth(),
    },
    async run(call, v) {
      const wanted = {
        instanceId: v.SmartAGId,
        region: v.RegionId,
        ccnId: v.CcnInstanceId,
        ccnUid: v.CcnUid,
        trafficService: v.GrantTrafficService ?? false,
      };
      return { InstanceId: await call.change((change) => grantInstance(change, call.caller.tenant, wanted)) };
    },
  }),
  operation("RevokeSagInstanceFromCcn", {
    access: "write",
    summary: "Takes that back; if it is bound, the chain breaks there.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), CcnInstanceId: required(ccnId) },
    async run(call, v) {
      const wanted = { instanceId: v.SmartAGId, region: v.RegionId, ccnId: v.CcnInstanceId };
      await call.change((change) => revokeInstance(change, call.caller.tenant, wanted));
      return {};
    },
  }),
  operation("GrantInstanceToCbn", {
    access: "write",
    summary: "Lets another account's CEN attach this CCN.",
    parameters: {
      RegionId: inRegion,
      CcnInstanceId: required(ccnId),
      CenInstanceId: required(id),
      CenUid: required(uid("InvalidCenUid")),
      GrantTrafficService: truth(),
    },
    async run(call, v) {
      const wanted = {
        ccnId: v.CcnInstanceId,
        cenId: v.CenInstanceId,
        cenUid: v.CenUid,
        trafficService: v.GrantTrafficService ?? false,
      };
      await call.change((change) => grantCcn(change, call.caller.tenant, wanted));
      return {};
    },
  }),
  operation("RevokeInstanceFromCbn", {
    access: "write",
    summary: "Takes that back; if it is attached, the chain breaks there.",
    parameters: { RegionId: inRegion, CcnInstanceId: required(ccnId), CenInstanceId: required(id) },
    async run(call, v) {
      const wanted = { ccnId: v.CcnInstanceId, cenId: v.CenInstanceId };
      await call.change((change) => revokeCcn(change, call.caller.tenant, wanted));
      return {};
    },
  }),
  operation("DescribeGrantRules", {
    access: "read",
    summary: "Lists which CENs of other accounts one's CCNs are granted to.",
    parameters: { RegionId: inRegion, AssociatedCcnId: ccnId, ...paging },
    async run(call, v) {
      const db = call.context.store;
      if (v.AssociatedCcnId) await ownCcn(db, call.caller.tenant, v.AssociatedCcnId);
      let query = db
        .selectFrom("grant_cbn")
        .innerJoin("ccn", "ccn.id", "grant_cbn.ccn_id")
        .innerJoin("tenant", "tenant.id", "grant_cbn.cen_tenant_id")
        .selectAll("grant_cbn")
        .select(["ccn.region", "tenant.uid"])
        .where("ccn.tenant_id", "=", call.caller.tenant.id)
        .where("ccn.region", "=", v.RegionId);
      if (v.AssociatedCcnId) query = query.where("grant_cbn.ccn_id", "=", v.AssociatedCcnId);
      const page = await pageOf(call, query, "grant_cbn", v);
      const GrantRule = page.rows.map((row) => ({
        GrantRuleId: row.id,
        CcnInstanceId: row.ccn_id,
        CcnUid: call.caller.tenant.uid,
        CenInstanceId: row.cen_id,
        CenUid: row.uid ?? 0,
        RegionId: row.region,
        GmtCreate: row.created_at,
        GmtModified: row.modified_at,
        GrantTrafficService: row.traffic_service === 1,
      }));
      return { ...page.told, GrantRules: { GrantRule } };
    },
  }),
  operation("DescribeGrantSagRules", {
    access: "read",
    summary: "Lists which CCNs of other accounts an instance is granted to.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), ...paging },
    async run(call, v) {
      const db = call.context.store;
      const instance = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
      const query = db
        .selectFrom("grant_sag")
        .innerJoin("tenant", "tenant.id", "grant_sag.ccn_tenant_id")
        .selectAll("grant_sag")
        .select("tenant.uid")
        .where("grant_sag.instance_id", "=", instance.id);
      const page = await pageOf(call, query, "grant_sag", v);
      const GrantRule = page.rows.map((row) => ({
        InstanceId: row.id,
        SmartAGId: row.instance_id,
        CcnInstanceId: row.ccn_id,
        CcnUid: row.uid ?? 0,
        CreateTime: row.created_at,
        GrantTrafficService: row.traffic_service === 1,
      }));
      return { ...page.told, GrantRules: { GrantRule } };
    },
  }),
];
