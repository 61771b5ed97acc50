import { invalid } from "../../base/cause.ts";
import { type Cidr, formatCidr, overlaps, parseCidr, parseIp } from "../../base/ip.ts";
import { requireText } from "./text.ts";

/** The larger of the two documented numbers. */
export const maxCidrs = 10;
export const maxRoutes = 1_000;
export const maxDnsServers = 8;
export const maxDnsDomains = 128;
/** bits; larger and smaller blocks make no sense for people's devices. */
export const cidrMask = { min: 8, max: 30 };

export function requireInstanceName(name: string): string {
  return requireText("name", name, 2, 128);
}

export function requireAccessPointName(name: string): string {
  return requireText("name", name, 1, 128);
}

/** Five letters or digits; letters count the same in either case, so the upper-case form is the one kept. */
export function requireCode(code: string): string {
  if (!/^[0-9A-Za-z]{5}$/.test(code)) throw invalid("code", "An enterprise code has exactly five letters or digits.");
  return code.toUpperCase();
}

const unusableBlocks = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** One more private block of an instance: IPv4, /8 to /30, canonical, not overlapping what is there. */
export function requireCidr(text: string, existing: readonly Cidr[], most: number = maxCidrs): Cidr {
  const cidr = parseCidr(text);
  if (cidr?.version !== 4) {
    throw invalid("cidr", `${text} is not an IPv4 block such as 10.86.0.0/24 (no bits set beyond the mask).`);
  }
  if (cidr.mask < cidrMask.min || cidr.mask > cidrMask.max) {
    throw invalid("cidr", `A block's mask is /${cidrMask.min} to /${cidrMask.max}; ${text} is not.`);
  }
  if (unusableBlocks.some((block) => overlaps(block, cidr))) {
    throw invalid(
      "cidr",
      `${text} lies in a range that no device can have (loopback, link-local, multicast, reserved).`,
    );
  }
  const other = existing.find((block) => overlaps(block, cidr));
  if (other) throw invalid("cidr", `${text} overlaps ${formatCidr(other)}.`);
  if (existing.length >= most) throw invalid("cidr", `An instance has at most ${most} address blocks.`);
  return cidr;
}

/** A prefix of the intranet, IPv4 or IPv6. Everything (/0) is the full-tunnel policy's business. */
export function requireRoute(text: string): string {
  const cidr = parseCidr(text);
  if (!cidr) throw invalid("route", `${text} is not a prefix such as 10.0.0.0/16 (no bits set beyond the mask).`);
  if (cidr.mask === 0) throw invalid("route", `${text} is everything: set the full-tunnel policy instead.`);
  return formatCidr(cidr);
}

export function requireDnsServer(text: string): string {
  if (!parseIp(text)) throw invalid("server", `${text} is not an IP address.`);
  return text;
}

/** A DNS name, lower case, without the final dot. */
export function requireDomain(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, "");
  const label = "[0-9a-z_]([0-9a-z_-]{0,61}[0-9a-z_])?";
  if (name.length > 253 || !new RegExp(`^${label}([.]${label})*$`).test(name)) {
    throw invalid("domain", `${text} is not a domain name.`);
  }
  return name;
}
