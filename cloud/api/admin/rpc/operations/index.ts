import type { Operation } from "../protocol/operation.ts";
import { accessPointOperations } from "./access-points.ts";
import { accountOperations } from "./accounts.ts";
import { aclOperations } from "./acl.ts";
import { ccnOperations } from "./ccn.ts";
import { cenOperations } from "./cen.ts";
import { cenAreaOperations } from "./cen-areas.ts";
import { cenBandwidthOperations } from "./cen-bandwidth.ts";
import { cenChildOperations } from "./cen-children.ts";
import { cenRouteOperations } from "./cen-routes.ts";
import { cenTagOperations } from "./cen-tags.ts";
import { codeOperations } from "./codes.ts";
import { dnsOperations } from "./dns.ts";
import { flowLogOperations } from "./flow-logs.ts";
import { grantOperations } from "./grants.ts";
import { instanceOperations } from "./instances.ts";
import { networkOperations } from "./networks.ts";
import { onlineOperations } from "./online.ts";
import { operatingOperations } from "./operating.ts";
import { qosOperations } from "./qos.ts";
import { qosRuleOperations } from "./qos-rules.ts";
import { remoteOperations } from "./remote.ts";

/** All operations. Validation, documentation and the list of supported operations are derived from this table. */
export const operations: readonly Operation[] = [
  ...instanceOperations,
  ...accountOperations,
  ...codeOperations,
  ...dnsOperations,
  ...onlineOperations,
  ...ccnOperations,
  ...grantOperations,
  ...aclOperations,
  ...qosOperations,
  ...qosRuleOperations,
  ...flowLogOperations,
  ...accessPointOperations,
  ...cenOperations,
  ...cenChildOperations,
  ...cenRouteOperations,
  ...cenAreaOperations,
  ...cenTagOperations,
  ...cenBandwidthOperations,
  ...networkOperations,
  ...operatingOperations,
  ...remoteOperations,
];
