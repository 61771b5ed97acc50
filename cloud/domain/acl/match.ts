import { type Cidr, contains, overlaps, parseCidr } from "../../base/ip.ts";

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
    if (!source || !dest || !overlaps(dest, target)) continue;
    if (rule.policy === "accept") {
      if (clients.some((client) => overlaps(source, client))) return false;
      continue;
    }
    const all = rule.protocol.toUpperCase() === "ALL" && everyPort(rule.sourcePorts) && everyPort(rule.destPorts);
    if (all && covers(dest, target) && clients.every((client) => covers(source, client))) return true;
  }
  return false;
}
