/** Inclusive at both ends. */
export interface PortRange {
  first: number;
  last: number;
}

export type RuleProtocol = "any" | "tcp" | "udp" | "icmp" | "gre";

/** A rule of an access list, seen from the client. Of the matching rules, the first one in order of priority decides. */
export interface AccessRule {
  id: string;
  name: string;
  /** Direction in which flows are opened: out = by the client. */
  direction: "out" | "in";
  allow: boolean;
  /** The lowest number wins. */
  priority: number;
  protocol: RuleProtocol;
  /** Contains one of the client's addresses. */
  clientPrefix: string;
  /** undefined = all. */
  clientPorts: PortRange | undefined;
  remotePrefix: string;
  /** undefined = all. */
  remotePorts: PortRange | undefined;
}
