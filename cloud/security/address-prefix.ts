import { formatCidr, parseIp } from "../base/ip.ts";

/**
 * The part of a remote address that one customer of a network has to himself: /24 of IPv4, /56 of IPv6. A v4 address that
 * arrives on a v6 socket counts as v4.
 */
export function addressPrefix(remote: string): string {
  const text = remote.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").replace(/%.*$/, "");
  const ip = parseIp(text);
  if (!ip) return "unknown";
  const [bits, mask] = ip.version === 4 ? [32, 24] : [128, 56];
  const host = BigInt(bits - mask);
  return formatCidr({ version: ip.version, first: (ip.value >> host) << host, mask });
}
