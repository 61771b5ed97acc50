import type { unansweredReasons } from "../../../../common/text/en/admin/manual.ts";

/** Reasons why a published field is never returned; each has a text in the catalogue. */
export type Reason = keyof typeof unansweredReasons;

/**
 * Per operation, the fields of the published answer that are missing or always empty. Fields of list elements are prefixed with the
 * list's name.
 */
type Unanswered = Partial<Record<Reason, readonly string[]>>;

const under = (prefix: string, names: readonly string[]) => names.map((name) => `${prefix}.${name}`);
const link = [
  "Bandwidth",
  "CommodityType",
  "EndTime",
  "InstanceId",
  "RelateInstanceId",
  "RelateInstanceRegionId",
  "Status",
  "Type",
];
const route = "CenRouteEntries.CenRouteEntry";
const routeMaps = under(route, [
  "AsPaths.AsPath",
  "CenRouteMapRecords.CenRouteMapRecord.RegionId",
  "CenRouteMapRecords.CenRouteMapRecord.RouteMapId",
  "Communities.Community",
]);

export const unanswered: Readonly<Record<string, Unanswered>> = {
  DescribeSmartAccessGateways: {
    boxes: under("SmartAccessGateways.SmartAccessGateway", [
      "BackupSoftwareVersion",
      "BackupStatus",
      "IpsecStatus",
      "Isp",
      ...under("Links.Link", link),
      "SoftwareVersion",
      "UpBandwidth4G",
      "UpBandwidthWan",
    ]),
    services: under("SmartAccessGateways.SmartAccessGateway", [
      "DpiMonitorStatus",
      "DpiStatus",
      "EnableAdvancedMonitor",
      "IRIds",
      "IdaasApplicationId",
      "IdaasId",
    ]),
    resale: under("SmartAccessGateways.SmartAccessGateway", ["ResellerInstanceId", "ResellerUid"]),
  },
  DescribeSmartAccessGatewayAttribute: {
    boxes: [
      "BackupBoxControllerIp",
      "BoxControllerIp",
      ...under("Devices.Device", [
        "DistributeSkStatus",
        "DpiSignatureDbVersion",
        "HaState",
        "HcState",
        "MonitorVersion",
        "SecretKey",
        "SerialNumber",
        "SoftwareVersion",
      ]),
      "IpsecStatus",
      ...under("Links.Link", ["HealthCheckTargetIp", ...link]),
      "TrafficMasterSn",
      "UpBandwidth4G",
      "UpBandwidthWan",
    ],
    services: [
      "ApplicationBandwidthPackageBussinessStatus",
      "ApplicationBandwidthPackageId",
      "ApplicationBandwidthPackageName",
      "ApplicationBandwidthPackageOperationLocks.LockReason",
      "ApplicationBandwidthPackageOperationLocks.LockType",
      "EnableOptimization",
      "IRIds.IRId",
      "OptimizationType",
    ],
    resale: ["ResellerInstanceId", "ResellerUid"],
  },
  DescribeCloudConnectNetworks: {
    states: under("CloudConnectNetworks.CloudConnectNetwork", [
      "CenStatusErrorCode",
      "CenStatusErrorMessage",
      "ProcessingCenId",
    ]),
    services: under("CloudConnectNetworks.CloudConnectNetwork", ["NewAgw"]),
    tags: under("CloudConnectNetworks.CloudConnectNetwork", ["Tags.Tag.Key", "Tags.Tag.Value"]),
  },
  DescribeCenAttachedChildInstanceAttribute: {
    boxes: ["ChildInstanceAttributes.Ipv6CidrBlocks.ipv6CidrBlock.Ipv6Isp"],
  },
  DescribeCenBandwidthPackages: {
    resale: under("CenBandwidthPackages.CenBandwidthPackage", [
      "ReservationActiveTime",
      "ReservationBandwidth",
      "ReservationInternetChargeType",
      "ReservationOrderType",
    ]),
  },
  DescribeCenRegionDomainRouteEntries: {
    routing: [
      ...routeMaps,
      ...under(route, [
        "CenOutRouteMapRecords.CenOutRouteMapRecord.RegionId",
        "CenOutRouteMapRecords.CenOutRouteMapRecord.RouteMapId",
      ]),
    ],
  },
  DescribeCenChildInstanceRouteEntries: { routing: routeMaps },
  DiscribeSmartAccessGatewayDiagnosisReport: {
    boxes: under("DiagnoseResult", ["BoxType", "BoxVersion", "MonitorVersion"]),
    services: under("DiagnoseResult", ["ReportSLSSuccess", "StoreType", "UserLevel"]),
  },
};
