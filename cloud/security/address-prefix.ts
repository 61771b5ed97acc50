import { formatCidr, parseIp } from "../base/ip.ts";

/** Source of a request, for rate limits. */
export interface Source {
  /** The address range of one host or household: an IPv4 address, or a /64 of IPv6. */
  host: string;
  /**
   * The range that one customer of a provider may have: a /24 of IPv4, or a /48 of IPv6. Others may share it, so its limits are higher.
   */
  network: string;
}

/** An IPv4 address on an IPv6 socket counts as IPv4. */
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
