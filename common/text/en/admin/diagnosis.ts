import type { P } from "../../types.ts";

/** Findings of DiagnoseSmartAccessGateway, and how to fix them. The texts of broken hops are in ../cloud/hops.ts. */
export const diagnosis = {
  hop_whole: "Whole.",
  found_instance_locked: "The instance is locked.",
  found_instance_expired: "The instance has reached its end.",
  found_no_overlaps: "No address ranges overlap.",
  found_client_overlap: ({ prefix, network, ranges }: P<"network" | "prefix" | "ranges">) =>
    `${prefix} of ${network} overlaps addresses of clients: ${ranges}.`,
  found_network_overlap: (p: P<"network" | "other" | "prefix" | "with">) =>
    `${p.prefix} of ${p.network} overlaps ${p.with} of ${p.other}, which is attached to the same CEN.`,
  mend_no_access_point: "The administrator starts an access point with a token of this instance's CCN.",
  mend_instance_locked: "The administrator unlocks the instance.",
  mend_instance_expired: "The administrator renews the instance.",
  mend_ccn_not_bound: "The administrator binds the instance: BindSmartAccessGateway.",
  mend_ccn_not_attached_to_cen: "The administrator attaches the CCN: AttachCcnInstanceToCen.",
  mend_grant_missing: "The owner of the granting side grants it: GrantSagInstanceToCcn or GrantInstanceToCbn.",
  mend_area_needs_bandwidth:
    "The administrator buys a bandwidth package, associates it with the CEN and sets a limit: SetCenInterRegionBandwidthLimit.",
  mend_acl_denies: "The administrator changes the instance's access control list.",
  mend_cloud_network_not_attached: "The administrator attaches the network: AttachCenChildInstance.",
  mend_cloud_network_unreachable:
    "The administrator starts an access point that reaches the network, or says which does.",
  mend_address_overlap:
    "The administrator changes one of the ranges: CidrBlock of the instance, ClientIp of the account or CidrBlock of the cloud network.",
  mend_no_routes: "The administrator adds a route (sagctl route add), or attaches a network to the CEN.",
};
