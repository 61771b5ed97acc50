import { type Message, say } from "../../base/say.ts";
import { type CenArea, cenAreaOf, shareCcnArea } from "../areas/regions.ts";

/** The names of sag.types.v1.WarningCode that apply to hops of the cloud. */
export type HopProblem =
  | "ccn_not_bound"
  | "ccn_not_attached_to_cen"
  | "grant_missing"
  | "area_needs_bandwidth"
  | "acl_denies"
  | "cloud_network_not_attached"
  | "cloud_network_unreachable"
  | "no_routes";

export interface ChainNetwork {
  id: string;
  name: string;
  region: string;
  cidrs: readonly string[];
  /** The CEN it is attached to; null = none. */
  cenId: string | null;
  /** Whether an access point that serves the instance and is connected reaches it. */
  reachable: boolean;
  /** Whether the instance's ACL drops all traffic to it. */
  denied: boolean;
  /** Belongs to the home instance of a roaming account, so it need not be attached to this instance's CEN. */
  home: boolean;
}

/** The state of the chain from an instance to cloud networks, from the store and the registry. */
export interface ChainFacts {
  instance: { id: string; name: string; region: string };
  /** null = the instance is not bound. */
  ccn: { id: string; name: string; region: string; granted: boolean } | null;
  /** null = the CCN is not attached. */
  cen: { id: string; name: string; granted: boolean } | null;
  /** Pairs of areas joined by a bandwidth package of the CEN with a limit above zero. */
  joinedAreas: readonly (readonly [CenArea, CenArea])[];
  /** Networks attached to the CEN, and the owner's networks that are not attached to any CEN. */
  networks: readonly ChainNetwork[];
}

export type ChainHopKind = "access_point" | "instance" | "ccn" | "cen" | "cloud_network";

export interface ChainHop {
  kind: ChainHopKind;
  id: string;
  name: string;
  /** What is wrong with this hop; null = nothing. */
  missing: { code: HopProblem | "no_access_point"; said: Message } | null;
}

export interface Chain {
  hops: ChainHop[];
  /** Prefixes that are carried all the way, without duplicates, in the order of the networks. */
  routes: string[];
}

/**
 * Evaluates the product's chain: client → access point → instance → CCN → CEN → cloud network. Each hop reports only its own problem; a
 * network is carried if it and all hops before it have none.
 */
export function chain(facts: ChainFacts): Chain {
  const ccn = ccnHop(facts);
  const cen = cenHop(facts);
  const upstream = ccn.missing === null && cen.missing === null;
  const networks = facts.networks.map((network) => ({ network, hop: networkHop(facts, network) }));
  const carried = networks.filter(({ network, hop }) => hop.missing === null && (upstream || network.home));
  return {
    hops: [
      instanceHop(facts),
      ccn,
      cen,
      ...(networks.length > 0 ? networks.map(({ hop }) => hop) : [noNetworkHop(facts)]),
    ],
    routes: [...new Set(carried.flatMap(({ network }) => network.cidrs))],
  };
}

const whole = (kind: ChainHopKind, id: string, name: string): ChainHop => ({ kind, id, name, missing: null });

const broken = (kind: ChainHopKind, id: string, name: string, code: HopProblem, said: Message): ChainHop => ({
  kind,
  id,
  name,
  missing: { code, said },
});

/** `present` is the number of connected access points that serve the instance. */
export function accessPointHop(present: number): ChainHop {
  const hop = whole("access_point", "", "");
  if (present > 0) return hop;
  return {
    ...hop,
    missing: { code: "no_access_point", said: say("hop_no_access_point") },
  };
}

function instanceHop({ instance }: ChainFacts): ChainHop {
  return whole("instance", instance.id, instance.name);
}

function ccnHop({ instance, ccn }: ChainFacts): ChainHop {
  if (!ccn) {
    return broken("ccn", "", "", "ccn_not_bound", say("hop_ccn_not_bound", { instance: instance.name }));
  }
  const bad = (code: HopProblem, said: Message) => broken("ccn", ccn.id, ccn.name, code, said);
  if (!ccn.granted) {
    return bad("grant_missing", say("hop_ccn_not_granted", { ccn: ccn.name }));
  }
  if (!shareCcnArea(instance.region, ccn.region)) {
    return bad("area_needs_bandwidth", say("hop_ccn_in_other_area", { ccn: ccn.name }));
  }
  return whole("ccn", ccn.id, ccn.name);
}

function cenHop({ ccn, cen }: ChainFacts): ChainHop {
  if (!cen) {
    const said = ccn ? say("hop_ccn_not_attached", { ccn: ccn.name }) : say("hop_no_ccn");
    return broken("cen", "", "", "ccn_not_attached_to_cen", said);
  }
  if (!cen.granted) {
    return broken("cen", cen.id, cen.name, "grant_missing", say("hop_cen_not_granted", { cen: cen.name }));
  }
  return whole("cen", cen.id, cen.name);
}

function networkHop(facts: ChainFacts, network: ChainNetwork): ChainHop {
  const { ccn, cen } = facts;
  const params = { network: network.name };
  const bad = (code: HopProblem, said: Message) => broken("cloud_network", network.id, network.name, code, said);
  if (!network.home) {
    if (network.cenId === null || (cen && network.cenId !== cen.id)) {
      return bad("cloud_network_not_attached", say("hop_network_not_attached", params));
    }
    if (ccn && !joined(facts, ccn.region, network.region)) {
      return bad("area_needs_bandwidth", say("hop_network_in_other_area", params));
    }
  }
  if (network.denied) return bad("acl_denies", say("hop_network_denied", params));
  if (!network.reachable) return bad("cloud_network_unreachable", say("hop_network_unreachable", params));
  return whole("cloud_network", network.id, network.name);
}

/** Reported because a session without any network connects but carries nothing, which the other hops do not show. */
function noNetworkHop({ instance }: ChainFacts): ChainHop {
  return broken("cloud_network", "", "", "no_routes", say("hop_no_routes", { instance: instance.name }));
}

function joined(facts: ChainFacts, a: string, b: string): boolean {
  const from = cenAreaOf(a);
  const to = cenAreaOf(b);
  if (from === undefined || to === undefined) return false;
  if (from === to) return true;
  return facts.joinedAreas.some(([x, y]) => (x === from && y === to) || (x === to && y === from));
}
