import { type Cidr, contains, type Ip, overlaps, parseCidr } from "../../base/ip.ts";
import type { AccessRule, PortRange, RuleProtocol } from "../../store/shared/access-rule.ts";
import { matchesName, targetName } from "./names.ts";

/** The parts of an ACL rule that decide whether it denies a whole network. */
export interface AclRuleFacts {
  direction: string;
  policy: string;
  /** The lowest number wins. */
  priority: number;
  sourceCidr: string;
  destCidr: string;
  sourcePorts: string;
  destPorts: string;
  protocol: string;
}

const everyPort = (range: string) => range === "-1/-1" || range === "1/65535";
const covers = (outer: Cidr, inner: Cidr) =>
  outer.version === inner.version &&
  outer.mask <= inner.mask &&
  contains(outer, { version: inner.version, value: inner.first });

/**
 * Whether the rules drop all traffic from `clients` to `target`: one rule drops everything, and no rule before it accepts any part.
 * Access points apply all rules per packet; this decides only whether a route is worth having.
 */
export function deniesAll(rules: readonly AclRuleFacts[], clients: readonly Cidr[], target: Cidr): boolean {
  const outward = rules.filter((rule) => rule.direction === "out").sort((a, b) => a.priority - b.priority);
  for (const rule of outward) {
    const source = parseCidr(rule.sourceCidr);
    const dest = parseCidr(rule.destCidr);
    // What a name stands for is only known at the access points.
    const named = !dest && targetName(rule.destCidr) !== undefined;
    if (!source || (!named && (!dest || !overlaps(dest, target)))) continue;
    if (rule.policy === "accept") {
      if (clients.some((client) => overlaps(source, client))) return false;
      continue;
    }
    if (!dest) continue;
    const all = rule.protocol.toUpperCase() === "ALL" && everyPort(rule.sourcePorts) && everyPort(rule.destPorts);
    if (all && covers(dest, target) && clients.every((client) => covers(source, client))) return true;
  }
  return false;
}

/** A flow that somebody opens, seen from the client. */
export interface Flow {
  /** out = the client opens it. */
  direction: "out" | "in";
  /** "other" = a protocol that only rules for all protocols match. */
  protocol: Exclude<RuleProtocol, "any"> | "other";
  /** The addresses that the client has or may get. */
  clients: readonly Cidr[];
  remote: Ip;
  /** The names from which the client resolved the remote address. */
  names: readonly string[];
  /** 0 for protocols without ports. */
  remotePort: number;
  clientPort: number;
}

const within = (range: PortRange | undefined, port: number) =>
  range === undefined || (range.first <= port && port <= range.last);

/** An IPv4-mapped address is the IPv4 address. */
function unmapped(ip: Ip): Ip {
  return ip.version === 6 && ip.value >> 32n === 0xffffn ? { version: 4, value: ip.value & 0xffffffffn } : ip;
}

/**
 * The rule that decides about a flow, as access points do it (native/internal/datapath/acl); undefined = none, which allows it. `list`
 * is in the order in which the rules were added, or in that of priority.
 */
export function decidingRule(list: readonly AccessRule[], flow: Flow): AccessRule | undefined {
  const remote = unmapped(flow.remote);
  return list
    .toSorted((a, b) => a.priority - b.priority)
    .find((rule) => {
      const [theirs, ours] = [parseCidr(rule.remotePrefix), parseCidr(rule.clientPrefix)];
      return (
        rule.direction === flow.direction &&
        (rule.remoteName === "" || flow.names.some((name) => matchesName(rule.remoteName, name))) &&
        (rule.protocol === "any" || rule.protocol === flow.protocol) &&
        (rule.remoteName !== "" || (theirs !== undefined && contains(theirs, remote))) &&
        ours !== undefined &&
        flow.clients.some((client) => overlaps(ours, client)) &&
        within(rule.remotePorts, flow.remotePort) &&
        within(rule.clientPorts, flow.clientPort)
      );
    });
}
