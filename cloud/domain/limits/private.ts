import { type Cidr, contains, formatCidr, parseCidr } from "../../base/ip.ts";

/** RFC 1918, RFC 6598 (shared address space) and RFC 4193. */
const ranges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** The private IPv4 ranges, for messages. */
export const privateBlocks = ranges
  .filter(({ version }) => version === 4)
  .map(formatCidr)
  .join(", ");

/** Whether the whole block is private. */
export function isPrivate(cidr: Cidr): boolean {
  const first = { version: cidr.version, value: cidr.first };
  return ranges.some((range) => range.mask <= cidr.mask && contains(range, first));
}
