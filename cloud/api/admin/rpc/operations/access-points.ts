import { overlaps, parseCidr } from "../../../../base/ip.ts";
import type { AccessPointState } from "../../../../domain/accesspoints/registry.ts";
import { chainOf, type Diagnosis, diagnose, lastDiagnosis } from "../../../../domain/chain/diagnosis.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import type { Tenant } from "../../../../domain/tenants/tenants.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { type Call, group, type Operation } from "../protocol/operation.ts";
import { id, inRegion, list, paging, region, required, sagId, text, whole } from "./common.ts";
import { statusOf } from "./instance-view.ts";

const operation = group("smartag", "access points and routes");

const ofInstance = { RegionId: inRegion, SmartAGId: required(sagId) };
const serial = required(id);
const accessPointId = required(whole({ min: 1, invalid: "AccessPointInvalid" }));

/** Access points of the account's CCNs. */
async function ownAccessPoints(call: Call, tenant: Tenant): Promise<AccessPointState[]> {
  const rows = await call.context.store.selectFrom("ccn").select("id").where("tenant_id", "=", tenant.id).execute();
  const own = new Set(rows.map((row) => row.id));
  return call.context.accessPoints
    .list()
    .filter((state) => own.has(state.ccnId))
    .sort((a, b) => a.number - b.number);
}

async function findAccessPoint(call: Call, number: number): Promise<AccessPointState> {
  const state = (await ownAccessPoints(call, call.caller.tenant)).find((ap) => ap.number === number);
  if (!state) throw new ApiFailure("AccessPointInvalid", `There is no access point ${number}.`);
  return state;
}

function slice<T>(all: readonly T[], v: { PageNumber: number | undefined; PageSize: number | undefined }): T[] {
  const size = v.PageSize ?? 10;
  return all.slice(((v.PageNumber ?? 1) - 1) * size, (v.PageNumber ?? 1) * size);
}

export const accessPointOperations: Operation[] = [
  operation("ListAccessPoints", {
    access: "read",
    summary: "Lists access points; of one instance, those that serve it.",
    parameters: { RegionId: inRegion, SmartAGId: id, ...paging },
    async run(call, v) {
      const db = call.context.store;
      let states = await ownAccessPoints(call, call.caller.tenant);
      if (v.SmartAGId !== undefined) {
        const instance = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
        states = states.filter((state) => state.ccnId === instance.ccn_id);
      }
      const served = await db
        .selectFrom("instance")
        .select((e) => ["ccn_id", "locked", e.fn.countAll<number>().as("count")])
        .where("tenant_id", "=", call.caller.tenant.id)
        .groupBy(["ccn_id", "locked"])
        .execute();
      const count = (ccn: string, locked: number) =>
        Number(served.find((row) => row.ccn_id === ccn && row.locked === locked)?.count ?? 0);
      const AccessPoints = slice(states, v).map((state) => ({
        AccessPointId: state.number,
        ActiveSmartAGCount: count(state.ccnId, 0),
        InactiveSmartAGCount: count(state.ccnId, 1),
        Latitude: "",
        Longitude: "",
      }));
      return { AccessPoints, TotalCount: states.length };
    },
  }),
  operation("ListSmartAGByAccessPoint", {
    access: "read",
    summary: "Lists the instances that an access point serves.",
    parameters: {
      RegionId: inRegion,
      AccessPointId: accessPointId,
      SmartAGStatus: text({ oneOf: ["Active", "Offline"] }),
      ...paging,
    },
    async run(call, v) {
      const state = await findAccessPoint(call, v.AccessPointId);
      const now = call.context.clock.now();
      const rows = await call.context.store
        .selectFrom("instance")
        .selectAll()
        .where("tenant_id", "=", call.caller.tenant.id)
        .where("ccn_id", "=", state.ccnId)
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      const wanted = rows.filter((row) => v.SmartAGStatus === undefined || statusOf(row, now) === v.SmartAGStatus);
      const SmartAccessGateways = slice(wanted, v).map((row) => ({
        SmartAGId: row.id,
        SmartAGName: row.name,
        SmartAGDescription: row.description,
        SmartAGStatus: statusOf(row, now),
        HardwareVersion: "sag-software",
        AssociatedCcnId: row.bound_ccn_id ?? "",
        RoutingStrategy: row.routing_strategy,
      }));
      return { SmartAccessGateways, TotalCount: wanted.length };
    },
  }),
  operation("UpdateSmartAGAccessPoint", {
    access: "write",
    summary: "Says which access point an instance's clients are offered first.",
    parameters: { ...ofInstance, AccessPointId: accessPointId },
    async run(call, v) {
      const state = await findAccessPoint(call, v.AccessPointId);
      await call.change(async (change) => {
        const row = await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId);
        if (row.ccn_id !== state.ccnId) {
          throw new ApiFailure("AccessPointInvalid", `Access point ${v.AccessPointId} does not serve this instance.`);
        }
        const after = { access_point_number: state.number };
        await change.tx.updateTable("instance").set(after).where("id", "=", row.id).execute();
        await change.audit(row.id, { accessPoint: row.access_point_number }, { accessPoint: state.number });
      });
      return {};
    },
  }),
  operation("ProbeAccessPointNetworkQuality", {
    access: "read",
    summary: "Asks for the quality of access points; ListAccessPointNetworkQualities tells it.",
    parameters: { ...ofInstance, AccessPointIds: list(whole({ min: 1 }), 50) },
    async run(call, v) {
      await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      for (const number of v.AccessPointIds ?? []) await findAccessPoint(call, number);
      return {};
    },
  }),
  operation("ListAccessPointNetworkQualities", {
    access: "read",
    summary: "Tells which of an instance's access points are there, as loss; clients measure round trips themselves.",
    parameters: ofInstance,
    async run(call, v) {
      const instance = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      const states = (await ownAccessPoints(call, call.caller.tenant)).filter(
        (state) => state.ccnId === instance.ccn_id,
      );
      const AccessPointNetworkQualities = states.map((state) => ({
        Id: state.number,
        Loss: state.online ? "0.00%" : "100.00%",
        Rtt: "",
      }));
      return { AccessPointNetworkQualities };
    },
  }),
  operation("DescribeSagRouteList", {
    access: "read",
    summary: "Lists the routes that clients get: those the chain carries.",
    parameters: { ...ofInstance, SmartAGSn: serial },
    async run(call, v) {
      const instance = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      const routes = (await chainOf(call.context, instance.id))?.routes ?? [];
      const blocks = await call.context.store
        .selectFrom("instance_cidr")
        .select("cidr")
        .where("instance_id", "=", instance.id)
        .execute();
      const Routes = routes.map((cidr) => ({
        DestinationCidr: cidr,
        NextHop: instance.bound_ccn_id ?? "",
        Cost: "0",
        RouteProtocol: "CCN",
        PortName: "",
        ConflictCidrs: blocks.map((row) => row.cidr).filter((block) => clash(block, cidr)),
      }));
      return { Routes };
    },
  }),
  operation("DiagnoseSmartAccessGateway", {
    access: "read",
    summary: "Examines the chain of an instance; DiscribeSmartAccessGatewayDiagnosisReport tells what was found.",
    parameters: { RegionId: region, SmartAGId: required(sagId), SmartAGSn: serial },
    async run(call, v) {
      const instance = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      await call.change((change) => diagnose(change, instance));
      return {};
    },
  }),
  operation("DiscribeSmartAccessGatewayDiagnosisReport", {
    access: "read",
    summary: "The last diagnosis: every hop, whole or with its code and who can mend it.",
    parameters: { RegionId: region, SmartAGId: required(sagId), SmartAGSn: serial },
    async run(call, v) {
      const instance = await ownInstance(call.context.store, call.caller.tenant, v.SmartAGId, v.RegionId);
      const last = await lastDiagnosis(call.context.store, instance.id);
      if (!last) throw new ApiFailure("InvalidOperation.NoDiagnosis", "Call DiagnoseSmartAccessGateway first.");
      return { DiagnoseResult: report(last, call.caller.tenant) };
    },
  }),
];

function clash(a: string, b: string): boolean {
  const [x, y] = [parseCidr(a), parseCidr(b)];
  return x !== undefined && y !== undefined && overlaps(x, y);
}

/** Times are s, as in the product's example. */
function report(last: Diagnosis, tenant: Tenant) {
  const at = Math.floor(last.at / 1_000);
  const items = last.findings.map((finding) => {
    const words = {
      ItemName: finding.hop,
      ItemType: "Configuration",
      ItemLevel: finding.code === null ? "Info" : "Error",
      Details: [finding.text],
      Advice: finding.advice === "" ? [] : [finding.advice],
    };
    return {
      ItemName: finding.code === null ? finding.hop : `${finding.hop}: ${finding.code}`,
      Level: words.ItemLevel,
      Type: "Configuration",
      StartTime: at,
      EndTime: at,
      EN: words,
      CN: words,
    };
  });
  const errors = last.findings.filter((finding) => finding.code !== null).length;
  const statistics = { Total: items.length, Error: errors, Warning: 0, Info: items.length - errors };
  const level = errors > 0 ? "Error" : "Info";
  return {
    DiagnoseId: last.id,
    InstanceId: last.instanceId,
    SN: last.instanceId,
    State: "Finished",
    StartTime: at,
    EndTime: at,
    Percent: 100,
    FinishedNumber: items.length,
    TotalNumber: items.length,
    Statistics: statistics,
    Level: { Total: level, Configuration: level, Biz: "Info" },
    Details: [{ Type: "Configuration", Statistics: statistics, Items: items }],
    UId: String(tenant.uid),
  };
}
