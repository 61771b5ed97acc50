import { accessPointInstances, accessPointOwn, accessPointPrefer } from "../../../../admin/commands/access-points.ts";
import { instanceDiagnose, instanceDiagnosis, instanceRoutes } from "../../../../admin/commands/networks.ts";
import { say } from "../../../../base/say.ts";
import { type Diagnosis, levelOf } from "../../../../domain/chain/diagnosis.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { id, inRegion, list, noEffect, paging, region, required, sagId, text, whole, wishOf } from "./common.ts";
import { statusOf } from "./instance-view.ts";

const mapped = mapping("smartag", "accessPoints");

const ofInstance = { RegionId: inRegion, SmartAGId: required(sagId) };
const instanceOf = (v: { SmartAGId: string; RegionId: string | undefined }) => ({
  instance: { id: v.SmartAGId, region: v.RegionId },
});
const serial = required(noEffect);
const accessPointId = required(whole({ min: 1, invalid: "AccessPointInvalid" }));

export const accessPointOperations: Operation[] = [
  mapped("ListAccessPoints", {
    command: accessPointOwn,
    parameters: { RegionId: inRegion, SmartAGId: id, ...paging },
    input: ({ SmartAGId, RegionId, ...v }) => ({
      ...(SmartAGId === undefined ? {} : instanceOf({ SmartAGId, RegionId })),
      page: wishOf(v),
    }),
    answer: (page) => ({
      AccessPoints: page.rows.map((point) => ({
        AccessPointId: point.number,
        ActiveSmartAGCount: point.activeInstances,
        InactiveSmartAGCount: point.lockedInstances,
        Latitude: "",
        Longitude: "",
      })),
      TotalCount: page.total,
    }),
  }),
  mapped("ListSmartAGByAccessPoint", {
    command: accessPointInstances,
    parameters: {
      RegionId: inRegion,
      AccessPointId: accessPointId,
      SmartAGStatus: text({ oneOf: ["Active", "Offline"] }),
      ...paging,
    },
    input: (v) => ({
      number: v.AccessPointId,
      region: v.RegionId,
      usable: v.SmartAGStatus === undefined ? undefined : v.SmartAGStatus === "Active",
      page: wishOf(v),
    }),
    answer: (page) => ({
      SmartAccessGateways: page.rows.map((instance) => ({
        SmartAGId: instance.id,
        SmartAGName: instance.name,
        SmartAGDescription: instance.description,
        SmartAGStatus: statusOf(instance),
        HardwareVersion: "sag-software",
        AssociatedCcnId: instance.ccn?.id ?? "",
        RoutingStrategy: instance.routingStrategy,
      })),
      TotalCount: page.total,
    }),
  }),
  mapped("UpdateSmartAGAccessPoint", {
    command: accessPointPrefer,
    parameters: { ...ofInstance, AccessPointId: accessPointId },
    input: (v) => ({ ...instanceOf(v), number: v.AccessPointId }),
  }),
  mapped("ProbeAccessPointNetworkQuality", {
    command: accessPointOwn,
    parameters: { ...ofInstance, AccessPointIds: list(whole({ min: 1 }), 50) },
    input: (v) => ({ ...instanceOf(v), numbers: v.AccessPointIds }),
  }),
  mapped("ListAccessPointNetworkQualities", {
    command: accessPointOwn,
    parameters: ofInstance,
    input: instanceOf,
    answer: ({ rows }) => ({
      AccessPointNetworkQualities: rows.map((point) => ({
        Id: point.number,
        Loss: point.online ? "0.00%" : "100.00%",
        Rtt: "",
      })),
    }),
  }),
  mapped("DescribeSagRouteList", {
    command: instanceRoutes,
    parameters: { ...ofInstance, SmartAGSn: serial },
    input: instanceOf,
    answer: (routes) => ({
      Routes: routes.map((route) => ({
        DestinationCidr: route.cidr,
        NextHop: route.ccnId ?? "",
        Cost: "0",
        RouteProtocol: "CCN",
        PortName: "",
        ConflictCidrs: route.conflicts,
      })),
    }),
  }),
  mapped("DiagnoseSmartAccessGateway", {
    command: instanceDiagnose,
    parameters: { RegionId: region, SmartAGId: required(sagId), SmartAGSn: serial },
    input: instanceOf,
  }),
  mapped("DiscribeSmartAccessGatewayDiagnosisReport", {
    command: instanceDiagnosis,
    parameters: { RegionId: region, SmartAGId: required(sagId), SmartAGSn: serial },
    input: instanceOf,
    answer(last, _values, { caller }) {
      if (!last) throw new ApiFailure("InvalidOperation.NoDiagnosis", say("api_no_diagnosis"));
      return { DiagnoseResult: report(last, caller.tenant.uid) };
    },
  }),
];

/** Times are in seconds, as in the product's example. */
function report(last: Diagnosis, uid: number) {
  const at = Math.floor(last.at / 1_000);
  const items = last.findings.map((finding) => {
    const words = {
      ItemName: finding.hop,
      ItemType: "Configuration",
      ItemLevel: levelOf(finding),
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
  const count = (level: string) => items.filter(({ Level }) => Level === level).length;
  const statistics = { Total: items.length, Error: count("Error"), Warning: count("Warning"), Info: count("Info") };
  const level = (["Error", "Warning"] as const).find((one) => statistics[one] > 0) ?? "Info";
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
    UId: String(uid),
  };
}
