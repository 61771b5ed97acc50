/** Inclusive at both ends. */
export interface PortRange {
  first: number;
  last: number;
}

export type RuleProtocol = "any" | "tcp" | "udp" | "icmp" | "gre";

/** An access list. Lists with the same id have the same rules. */
export interface AccessList {
  id: string;
  rules: readonly AccessRule[];
}

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
  /** Both families if there is a name. */
  remotePrefix: string;
  /** The rule matches only addresses that the client resolved from this name or, with "*." in front, from one below it; "" = all. */
  remoteName: string;
  /** undefined = all. */
  remotePorts: PortRange | undefined;
}
