import { type Cidr, formatCidr, parseCidr } from "../../base/ip.ts";
import type { AclRule } from "../../store/shapes.ts";
import type { AccessRule, PortRange, RuleProtocol } from "../../store/shared/access-rule.ts";
import { targetName } from "./names.ts";

/** Well-known ports of the applications that the console offers as protocols. */
const applicationPorts: Readonly<Record<string, number>> = {
  SSH: 22,
  TELNET: 23,
  HTTP: 80,
  HTTPS: 443,
  "MS SQL": 1433,
  MSSQL: 1433,
  ORACLE: 1521,
  MYSQL: 3306,
  RDP: 3389,
  POSTGRESQL: 5432,
  REDIS: 6379,
};
const protocols: Readonly<Record<string, RuleProtocol>> = {
  ALL: "any",
  TCP: "tcp",
  UDP: "udp",
  ICMP: "icmp",
  GRE: "gre",
};

/** The rules of an ACL as access points enforce them; `rows` are in the order in which they apply. */
export function accessList(rows: readonly AclRule[]): AccessRule[] {
  return rows.flatMap((row) => accessRule(row) ?? []);
}

/**
 * Whether a rule is about applications. Access points do not recognise applications, so that such a rule matches nothing: without this,
 * a rule that drops one application would drop everything.
 */
export const isAboutApplications = ({ dpiGroupIds, dpiSignatureIds }: AclRule): boolean =>
  dpiGroupIds !== "[]" || dpiSignatureIds !== "[]";

/** undefined = the rule matches nothing: it is about applications, or a prefix is invalid, with which it cannot be added. */
function accessRule(row: AclRule): AccessRule | undefined {
  if (isAboutApplications(row)) return undefined;
  const outward = row.direction === "out";
  const source = { ...targetOf(row.sourceCidr), ports: portsOf(row.sourcePorts) };
  const { protocol, port } = protocolOf(row.protocol);
  const dest = { ...targetOf(row.destCidr), ports: portsOf(row.destPorts) ?? port };
  const [client, remote] = outward ? [source, dest] : [dest, source];
  if (client.prefix === undefined || client.name !== "" || remote.prefix === undefined) return undefined;
  return {
    id: row.id,
    name: row.name,
    direction: outward ? "out" : "in",
    allow: row.policy === "accept",
    priority: row.priority,
    protocol,
    clientPrefix: client.prefix,
    clientPorts: client.ports,
    remotePrefix: remote.prefix,
    remoteName: remote.name,
    remotePorts: remote.ports,
  };
}

/** A prefix, or a name, which has every prefix. */
function targetOf(text: string): { prefix: string | undefined; name: string } {
  const name = targetName(text);
  return name === undefined ? { prefix: prefixOf(text), name: "" } : { prefix: "0.0.0.0/0", name };
}

/** Canonical text of a prefix. An IPv4-mapped one is IPv4. */
export function prefixOf(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr && formatCidr(unmapped(cidr));
}

function unmapped(cidr: Cidr): Cidr {
  if (cidr.version === 4 || cidr.mask < 96 || cidr.first >> 32n !== 0xffffn) return cidr;
  return { version: 4, first: cidr.first & 0xffffffffn, mask: cidr.mask - 96 };
}

/** A port range of the published API; undefined = all. */
export function portsOf(text: string): PortRange | undefined {
  const [first, last] = text.split("/").map(Number);
  return first === undefined || last === undefined || first < 0 ? undefined : { first, last };
}

/** An application is TCP to its port, which may follow in parentheses. */
export function protocolOf(text: string): { protocol: RuleProtocol; port?: PortRange } {
  const upper = text.toUpperCase();
  const known = protocols[upper];
  if (known) return { protocol: known };
  const [, name = "", number] = /^([A-Z ]+?)(?:\((\d+)\))?$/.exec(upper) ?? [];
  const port = number === undefined ? applicationPorts[name] : Number(number);
  return port === undefined ? { protocol: "tcp" } : { protocol: "tcp", port: { first: port, last: port } };
}
