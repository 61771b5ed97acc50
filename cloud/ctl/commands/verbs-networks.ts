import { defaultRegion } from "../../domain/areas/regions.ts";
import type { Verb } from "./verb.ts";

/** How what is attached to a CEN, or taken off it, is told. */
const child = {
  options: { "--region <id>": "ChildInstanceRegionId", "--type <VPC|CCN>": "ChildInstanceType" },
  fixed: { ChildInstanceType: "VPC", ChildInstanceRegionId: defaultRegion },
} satisfies Partial<Verb>;

/** The way from instances to cloud networks. */
export const networkVerbs: readonly Verb[] = [
  {
    usage: "ccn create <Name>",
    what: "make a Cloud Connect Network",
    product: "smartag",
    action: "CreateCloudConnectNetwork",
    options: { "--cidr <block>": "CidrBlock", "--description <text>": "Description" },
    region: true,
  },
  {
    usage: "ccn list",
    what: "Cloud Connect Networks",
    product: "smartag",
    action: "DescribeCloudConnectNetworks",
    region: true,
  },
  { usage: "ccn delete <CcnId>", what: "delete one", product: "smartag", action: "DeleteCloudConnectNetwork" },
  {
    usage: "ccn bind <CcnId> <SmartAGId>",
    what: "bind an instance",
    product: "smartag",
    action: "BindSmartAccessGateway",
    region: true,
  },
  {
    usage: "ccn unbind <CcnId> <SmartAGId>",
    what: "unbind it",
    product: "smartag",
    action: "UnbindSmartAccessGateway",
    region: true,
  },
  {
    usage: "ccn attach <CcnId> <CenId>",
    what: "attach a CCN to a CEN",
    product: "smartag",
    action: "AttachCcnInstanceToCen",
    region: true,
  },
  {
    usage: "ccn detach <CcnId> <CenId>",
    what: "detach it",
    product: "smartag",
    action: "DetachCcnInstanceFromCen",
    region: true,
  },
  {
    usage: "ccn grant <CcnInstanceId> <CenInstanceId> <CenUid>",
    what: "let another account's CEN attach it",
    product: "smartag",
    action: "GrantInstanceToCbn",
    region: true,
  },
  {
    usage: "ccn revoke <CcnInstanceId> <CenInstanceId>",
    what: "take that back",
    product: "smartag",
    action: "RevokeInstanceFromCbn",
    region: true,
  },
  {
    usage: "instance grant <SmartAGId> <CcnInstanceId> <CcnUid>",
    what: "let another account's CCN bind it",
    product: "smartag",
    action: "GrantSagInstanceToCcn",
    region: true,
  },
  {
    usage: "instance revoke <SmartAGId> <CcnInstanceId>",
    what: "take that back",
    product: "smartag",
    action: "RevokeSagInstanceFromCcn",
    region: true,
  },
  { usage: "cen create <Name>", what: "make a Cloud Enterprise Network", product: "cbn", action: "CreateCen" },
  { usage: "cen list", what: "Cloud Enterprise Networks", product: "cbn", action: "DescribeCens" },
  { usage: "cen delete <CenId>", what: "delete one", product: "cbn", action: "DeleteCen" },
  {
    usage: "cen children <CenId>",
    what: "what is attached",
    product: "cbn",
    action: "DescribeCenAttachedChildInstances",
  },
  {
    usage: "cen attach <CenId> <ChildInstanceId>",
    what: "attach a cloud network",
    product: "cbn",
    action: "AttachCenChildInstance",
    ...child,
  },
  {
    usage: "cen detach <CenId> <ChildInstanceId>",
    what: "detach it",
    product: "cbn",
    action: "DetachCenChildInstance",
    ...child,
  },
  {
    usage: "cen bandwidth <Bandwidth> <GeographicRegionAId> <GeographicRegionBId>",
    what: "make a bandwidth package of so many Mbit/s for two areas",
    product: "cbn",
    action: "CreateCenBandwidthPackage",
  },
  {
    usage: "cen use-bandwidth <CenId> <CenBandwidthPackageId>",
    what: "give it to a CEN",
    product: "cbn",
    action: "AssociateCenBandwidthPackage",
  },
  {
    usage: "cen limit <CenId> <LocalRegionId> <OppositeRegionId> <BandwidthLimit>",
    what: "what of it flows between two regions, Mbit/s",
    product: "cbn",
    action: "SetCenInterRegionBandwidthLimit",
  },
  {
    usage: "network create <Name>",
    what: "describe a cloud network",
    product: "sag",
    action: "CreateCloudNetwork",
    options: { "--cidr <prefix>": "CidrBlock[]", "--access-point <id>": "AccessPointId[]" },
    region: true,
  },
  {
    usage: "network set <CloudNetworkId>",
    what: "change it; lists are replaced",
    product: "sag",
    action: "ModifyCloudNetwork",
    options: {
      "--cidr <prefix>": "CidrBlock[]",
      "--access-point <id>": "AccessPointId[]",
      "--any-access-point <true>": "AnyAccessPoint",
    },
  },
  { usage: "network list", what: "cloud networks", product: "sag", action: "DescribeCloudNetworks" },
  { usage: "network delete <CloudNetworkId>", what: "delete one", product: "sag", action: "DeleteCloudNetwork" },
];
