/** Descriptions of the operations on networks, access points and the path to them. */
export const networkOperations = {
  ListAccessPoints: "Lists access points; of one instance, those that serve it.",
  ListSmartAGByAccessPoint: "Lists the instances that an access point serves.",
  UpdateSmartAGAccessPoint: "Says which access point an instance's clients are offered first.",
  ProbeAccessPointNetworkQuality: "Asks for the quality of access points; ListAccessPointNetworkQualities tells it.",
  ListAccessPointNetworkQualities:
    "Tells which of an instance's access points are there, as loss; clients measure round trips themselves.",
  DescribeSagRouteList: "Lists the routes that clients get: those the chain carries.",
  DiagnoseSmartAccessGateway:
    "Examines the chain of an instance; DiscribeSmartAccessGatewayDiagnosisReport tells what was found.",
  DiscribeSmartAccessGatewayDiagnosisReport:
    "The last diagnosis: every hop and overlapping address ranges, whole or with a code and who can mend it.",
  CreateCloudConnectNetwork: "Makes a Cloud Connect Network.",
  ModifyCloudConnectNetwork: "Changes a Cloud Connect Network.",
  DeleteCloudConnectNetwork: "Deletes a Cloud Connect Network on which nothing hangs any more.",
  DescribeCloudConnectNetworks: "Lists Cloud Connect Networks, with the CEN each is attached to.",
  GetCloudConnectNetworkUseLimit: "Tells how many Cloud Connect Networks there may be and are.",
  BindSmartAccessGateway:
    "Binds an instance of the same area to a CCN: one's own, or another account's that was granted.",
  UnbindSmartAccessGateway: "Unbinds an instance; clients stay connected, without routes.",
  AttachCcnInstanceToCen: "Attaches a CCN to a CEN of the same account; to at most one.",
  DetachCcnInstanceFromCen: "Detaches a CCN from the CEN.",
  DescribeCenGeographicSpans: "Lists the pairs of areas for which there are bandwidth packages.",
  DescribeChildInstanceRegions:
    "Lists the regions of which a CEN takes CCNs or cloud networks, as AttachCenChildInstance writes them.",
  CreateCenBandwidthPackage: "Makes a bandwidth package for two areas.",
  DeleteCenBandwidthPackage: "Deletes a package that is not associated.",
  DescribeCenBandwidthPackages: "Lists packages; filters are CenBandwidthPackageId, CenId and Name.",
  AssociateCenBandwidthPackage: "Gives a package to a CEN; one per pair of areas.",
  UnassociateCenBandwidthPackage:
    "Takes a package from a CEN. Refused with `InvalidOperation.CenBandwidthLimitsNotZero` while limits between regions use it.",
  SetCenInterRegionBandwidthLimit:
    "Sets what of a package flows between two regions, of different areas or of one; 0 takes it away. The package must be for this pair of areas. Within an area, traffic flows without a limit, too.",
  DescribeCenInterRegionBandwidthLimits: "Lists those limits.",
  AttachCenChildInstance: "Attaches a CCN or a cloud network: one's own, or another account's CCN that was granted.",
  DetachCenChildInstance: "Detaches a CCN or a cloud network.",
  DescribeCenAttachedChildInstances: "Lists what is attached to a CEN.",
  DescribeCenAttachedChildInstanceAttribute: "Describes one thing attached to a CEN.",
  DescribeCenChildInstanceRouteEntries:
    "Lists the routes that something attached to a CEN has: its own and those it learns.",
  DescribeCenRegionDomainRouteEntries: "Lists the routes that a CEN has in a region.",
  TagResources: "Adds tags to CENs or bandwidth packages, or changes their values.",
  UntagResources: "Removes tags: those named by TagKey, or with All=true all of them.",
  ListTagResources: "Lists tags, of all CENs or bandwidth packages or of those named.",
  CreateCen: "Makes a Cloud Enterprise Network.",
  ModifyCenAttribute: "Changes a Cloud Enterprise Network.",
  DeleteCen: "Deletes a Cloud Enterprise Network on which nothing hangs any more.",
  DescribeCens: "Lists Cloud Enterprise Networks; filters are CenId and Name.",
  GrantSagInstanceToCcn: "Lets another account's CCN bind this instance.",
  RevokeSagInstanceFromCcn: "Takes that back; if it is bound, the chain breaks there.",
  GrantInstanceToCbn: "Lets another account's CEN attach this CCN.",
  RevokeInstanceFromCbn: "Takes that back; if it is attached, the chain breaks there.",
  DescribeGrantRules: "Lists which CENs of other accounts one's CCNs are granted to.",
  DescribeGrantSagRules: "Lists which CCNs of other accounts an instance is granted to.",
  CreateCloudNetwork:
    "Describes a cloud network: its prefixes, its region, and the access points that reach it (none = all do).",
  ModifyCloudNetwork: "Changes a cloud network; lists are replaced. AnyAccessPoint=true says that all reach it.",
  DeleteCloudNetwork: "Deletes a cloud network; it is detached first.",
  DescribeCloudNetworks: "Lists cloud networks, with the CEN each is attached to.",
  DescribeHops: "The chain from an instance to its cloud networks: each hop whole, or with its code.",
};
