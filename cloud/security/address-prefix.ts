import { formatCidr, parseIp } from "../base/ip.ts";

/** Where a request comes from, as limits count it. */
export interface Source {
  /** What one machine or household has to itself: an IPv4 address, or a /64 of IPv6. */
  host: string;
  /** What one customer of a network may have: a /24 of IPv4, a /48 of IPv6. Others may be in it, so it is allowed more. */
  network: string;
}

/** A v4 address that arrives on a v6 socket counts as v4. */
export function sourceOf(remote: string): Source {
  const text = remote.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").replace(/%.*$/, "");
  const ip = parseIp(text);
  if (!ip) return { host: "unknown", network: "unknown" };
  const [bits, hostMask, networkMask] = ip.version === 4 ? [32, 32, 24] : [128, 64, 48];
  const prefix = (mask: number) => {
    const rest = BigInt(bits - mask);
    return formatCidr({ version: ip.version, first: (ip.value >> rest) << rest, mask });
  };
  return { host: prefix(hostMask), network: prefix(networkMask) };
}
