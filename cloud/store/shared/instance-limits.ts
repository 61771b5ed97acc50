import type { PortRange, RuleProtocol } from "./access-rule.ts";

/** What limits the clients of an instance together, in each direction, as access points enforce it. */
export interface InstanceLimits {
  /** bit/s; 0 = no limit. */
  bandwidth: number;
  /** In order of priority. A packet belongs to the first class with a policy that matches. */
  classes: readonly TrafficClass[];
}

export interface TrafficClass {
  /** Id of its throttling rule. */
  id: string;
  /** Guaranteed, bit/s; 0 = none. */
  rate: number;
  /** The most that the class gets, bit/s; 0 = no limit of its own. */
  ceiling: number;
  policies: readonly TrafficPolicy[];
}

/** Matches the packets from the source to the destination and those of the opposite direction. */
export interface TrafficPolicy {
  protocol: RuleProtocol;
  source: string;
  destination: string;
  /** undefined = all. */
  sourcePorts: PortRange | undefined;
  destinationPorts: PortRange | undefined;
}
