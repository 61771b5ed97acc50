import type { P } from "../../types.ts";

/** What is missing at a hop of the way to the cloud networks. Clients show these as warnings. */
export const hops = {
  hop_no_access_point: "No access point that serves the instance is connected.",
  hop_ccn_not_bound: ({ instance }: P<"instance">) => `The instance ${instance} is bound to no Cloud Connect Network.`,
  hop_ccn_not_granted: ({ ccn }: P<"ccn">) =>
    `${ccn} belongs to another account, which the instance's owner has not granted it to.`,
  hop_ccn_in_other_area: ({ ccn }: P<"ccn">) => `${ccn} is in another area than the instance; they must share one.`,
  hop_ccn_not_attached: ({ ccn }: P<"ccn">) =>
    `The Cloud Connect Network ${ccn} is attached to no Cloud Enterprise Network.`,
  hop_no_ccn: "There is no Cloud Connect Network, and so it is attached to no Cloud Enterprise Network.",
  hop_cen_not_granted: ({ cen }: P<"cen">) =>
    `${cen} belongs to another account, which the CCN's owner has not granted it to.`,
  hop_network_not_attached: ({ network }: P<"network">) =>
    `${network} is not attached to the Cloud Enterprise Network.`,
  hop_network_in_other_area: ({ network }: P<"network">) =>
    `${network} is in another area: a bandwidth package and a cross-area limit are needed.`,
  hop_network_denied: ({ network }: P<"network">) =>
    `The instance's access control list denies all traffic to ${network}.`,
  hop_network_unreachable: ({ network }: P<"network">) => `No access point that is there reaches ${network}.`,
  hop_no_routes: ({ instance }: P<"instance">) =>
    `${instance} has no routes: no cloud network belongs to it, so nothing goes through the tunnel.`,
};
