import type { P } from "../../types.ts";

/** What is missing at a hop of the path to the cloud networks. Clients show these messages as warnings. */
export const hops = {
  hop_no_access_point: "No access point that serves the instance is connected.",
  hop_ccn_not_bound: ({ instance }: P<"instance">) =>
    `The instance ${instance} is not bound to a Cloud Connect Network.`,
  hop_ccn_not_granted: ({ ccn }: P<"ccn">) =>
    `${ccn} belongs to another account, and the instance's owner has not granted it access.`,
  hop_ccn_in_other_area: ({ ccn }: P<"ccn">) =>
    `${ccn} and the instance are in different areas. They must be in the same one.`,
  hop_ccn_not_attached: ({ ccn }: P<"ccn">) =>
    `The Cloud Connect Network ${ccn} is not attached to a Cloud Enterprise Network.`,
  hop_no_ccn: "There is no Cloud Connect Network that could be attached to a Cloud Enterprise Network.",
  hop_cen_not_granted: ({ cen }: P<"cen">) =>
    `${cen} belongs to another account, and the CCN's owner has not granted it access.`,
  hop_network_not_attached: ({ network }: P<"network">) =>
    `${network} is not attached to the Cloud Enterprise Network.`,
  hop_network_in_other_area: ({ network }: P<"network">) =>
    `${network} is in another area. This requires a bandwidth package and a cross-area limit.`,
  hop_network_denied: ({ network }: P<"network">) =>
    `The instance's access control list denies all traffic to ${network}.`,
  hop_network_unreachable: ({ network }: P<"network">) => `No connected access point reaches ${network}.`,
  hop_no_routes: ({ instance }: P<"instance">) =>
    `${instance} has no routes or cloud networks, so no traffic is sent through the tunnel.`,
};
