import type { productVersions } from "../../api/admin/rpc/protocol/operation.ts";
import { defaultRegion } from "../../domain/areas/regions.ts";

export type Product = keyof typeof productVersions;

/** One verb that is one operation of the admin API. */
export interface Verb {
  /** Words as they are typed, then the parameters that stand in place: "ccn create <Name>". */
  usage: string;
  what: string;
  product: Product;
  action: string;
  /** Option → parameter; a name that ends in [] may be given several times. */
  options?: Record<string, string>;
  /** Parameters that are always sent. */
  fixed?: Record<string, string>;
  /** It wants a region: --region, else the default one. */
  region?: boolean;
}

/** The verbs of sagctl that are operations of the product. */
export const verbs: readonly Verb[] = [
  {
    usage: "tenant create <Name>",
    what: "make another account of the product",
    product: "sag",
    action: "CreateTenant",
  },
  { usage: "tenant list", what: "the accounts of the product", product: "sag", action: "DescribeTenants" },
  {
    usage: "access-key create",
    what: "make a key for the admin API; its secret is told this once",
    product: "sag",
    action: "CreateAccessKey",
    options: { "--role <administrator|read-only|accounts-only>": "Role" },
  },
  { usage: "access-key list", what: "keys, without their secrets", product: "sag", action: "DescribeAccessKeys" },
  {
    usage: "access-key disable <KeyId>",
    what: "refuse what it signs",
    product: "sag",
    action: "UpdateAccessKey",
    fixed: { Active: "false" },
  },
  {
    usage: "access-key enable <KeyId>",
    what: "take it again",
    product: "sag",
    action: "UpdateAccessKey",
    fixed: { Active: "true" },
  },
  { usage: "access-key delete <KeyId>", what: "delete it", product: "sag", action: "DeleteAccessKey" },
  { usage: "quota list", what: "limits of an account of the product", product: "sag", action: "DescribeQuotas" },
  { usage: "quota set <Name> <Value>", what: "raise or lower one", product: "sag", action: "SetQuota" },
  {
    usage: "instance order",
    what: "an instance as the product sells it: with a term, bound to nothing yet",
    product: "smartag",
    action: "CreateSmartAccessGatewaySoftware",
    options: { "--users <n>": "UserCount", "--months <n>": "Period" },
    fixed: { ChargeType: "PREPAY", DataPlan: "5", AutoPay: "true", UserCount: "5", Period: "1" },
    region: true,
  },
  {
    usage: "instance renew <SmartAGId> <Period>",
    what: "move its end so many months on",
    product: "sag",
    action: "RenewInstance",
  },
  {
    usage: "instance lock <SmartAGId>",
    what: "cut off all of its users",
    product: "sag",
    action: "SetInstanceLock",
    fixed: { Locked: "true" },
  },
  {
    usage: "instance unlock <SmartAGId>",
    what: "let them dial again",
    product: "sag",
    action: "SetInstanceLock",
    fixed: { Locked: "false" },
  },
  {
    usage: "instance hops <SmartAGId>",
    what: "the chain to its cloud networks, and what is missing",
    product: "sag",
    action: "DescribeHops",
  },
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
    options: { "--region <id>": "ChildInstanceRegionId", "--type <VPC|CCN>": "ChildInstanceType" },
    fixed: { ChildInstanceType: "VPC", ChildInstanceRegionId: defaultRegion },
  },
  {
    usage: "cen detach <CenId> <ChildInstanceId>",
    what: "detach it",
    product: "cbn",
    action: "DetachCenChildInstance",
    options: { "--region <id>": "ChildInstanceRegionId", "--type <VPC|CCN>": "ChildInstanceType" },
    fixed: { ChildInstanceType: "VPC", ChildInstanceRegionId: defaultRegion },
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
  {
    usage: "acl create <Name>",
    what: "make an access control list",
    product: "smartag",
    action: "CreateACL",
    region: true,
  },
  { usage: "acl list", what: "access control lists", product: "smartag", action: "DescribeACLs", region: true },
  {
    usage: "acl rules <AclId>",
    what: "its rules, those that win first",
    product: "smartag",
    action: "DescribeACLAttribute",
    region: true,
  },
  {
    usage: "acl add <AclId>",
    what: "add a rule; without options it drops everything outward",
    product: "smartag",
    action: "AddACLRule",
    options: {
      "--direction <in|out>": "Direction",
      "--policy <accept|drop>": "Policy",
      "--protocol <name>": "IpProtocol",
      "--source <prefix>": "SourceCidr",
      "--dest <prefix>": "DestCidr",
      "--source-ports <range>": "SourcePortRange",
      "--dest-ports <range>": "DestPortRange",
      "--priority <n>": "Priority",
    },
    fixed: {
      Direction: "out",
      Policy: "drop",
      IpProtocol: "ALL",
      SourceCidr: "0.0.0.0/0",
      DestCidr: "0.0.0.0/0",
      SourcePortRange: "-1/-1",
      DestPortRange: "-1/-1",
    },
    region: true,
  },
  {
    usage: "acl remove <AclId> <AcrId>",
    what: "remove a rule",
    product: "smartag",
    action: "DeleteACLRule",
    region: true,
  },
  { usage: "acl delete <AclId>", what: "delete a list", product: "smartag", action: "DeleteACL", region: true },
  {
    usage: "acl use <AclId> <SmartAGId>",
    what: "give it to an instance",
    product: "smartag",
    action: "AssociateACL",
    region: true,
  },
  {
    usage: "acl unuse <AclId> <SmartAGId>",
    what: "take it away",
    product: "smartag",
    action: "DisassociateACL",
    region: true,
  },
  {
    usage: "code create <EnterpriseCode>",
    what: "take an enterprise code",
    product: "smartag",
    action: "CreateEnterpriseCode",
    region: true,
  },
  { usage: "code list", what: "enterprise codes", product: "smartag", action: "ListEnterpriseCode", region: true },
  {
    usage: "code default <EnterpriseCode>",
    what: "make it the one of later instances",
    product: "smartag",
    action: "UpdateEnterpriseCode",
    fixed: { IsDefault: "true" },
    region: true,
  },
  {
    usage: "code delete <EnterpriseCode>",
    what: "give it back",
    product: "smartag",
    action: "DeleteEnterpriseCode",
    region: true,
  },
  {
    usage: "code use <EnterpriseCode> <SmartAGId>",
    what: "give an instance another code",
    product: "smartag",
    action: "UpdateSmartAGEnterpriseCode",
    region: true,
  },
  {
    usage: "account roam <UserName> <OriginSmartAGId> <TargetSmartAGId>",
    what: "copy an account to an instance of another area",
    product: "smartag",
    action: "RoamClientUser",
    options: { "--from-region <id>": "OriginRegionId", "--to-region <id>": "RegionId" },
    fixed: { OriginRegionId: defaultRegion, RegionId: defaultRegion },
  },
];

/** What the objects of the verbs are. */
export const nouns: Record<string, string> = {
  tenant: "accounts of the product: owners of instances, networks and keys",
  "access-key": "keys that sign requests to the admin API",
  quota: "limits that can be raised",
  ccn: "Cloud Connect Networks",
  cen: "Cloud Enterprise Networks",
  network: "cloud networks: what can be reached, and through which access points",
  acl: "access control lists",
  code: "enterprise codes",
};
