import { invalid } from "../../base/cause.ts";
import { bitsOf, type Cidr, formatCidr, overlaps, parseCidr, parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { violation } from "../rules.ts";

// The same rules are in native/internal/session/routes.go, where clients refuse what an instance pushes; proto/limits/inside.json
// tests both.

/** What belongs to each machine itself or to the link it is on, or cannot be a host. */
const neverInside = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/127",
  "::ffff:0:0/96",
  "fe80::/10",
  "ff00::/8",
].flatMap((text) => parseCidr(text) ?? []);

/** The shortest prefix that is still a network and not a share of the Internet, bits; fc00::/7 for IPv6. */
const shortest = { 4: 8, 6: 7 } as const;

/** The part of a family's addresses, one in so many, at which prefixes together are a default route. */
const share = 4n;

/** A prefix of the intranet in canonical form. */
export function requireRoute(text: string): string {
  const cidr = parseCidr(text);
  if (!cidr) throw invalid("route", say("route_form", { route: text }));
  if (cidr.mask === 0) throw invalid("route", say("route_everything", { route: text }));
  const never = neverInside.find((block) => overlaps(block, cidr));
  if (never) throw invalid("route", say("route_never_inside", { route: text, block: formatCidr(never) }));
  if (cidr.mask < shortest[cidr.version]) {
    throw invalid("route", say("route_default", { route: text }));
  }
  return formatCidr(cidr);
}

/** Refuses canonical prefixes that together are a default route in disguise. */
export function requireShare(routes: readonly string[]): void {
  const all = routes.flatMap((text) => parseCidr(text) ?? []);
  for (const version of [4, 6] as const) {
    const family = all.filter((cidr) => cidr.version === version);
    const covered = outermost(family).reduce((sum, { mask }) => sum + (1n << BigInt(bitsOf(version) - mask)), 0n);
    if (covered >= (1n << BigInt(bitsOf(version))) / share) {
      throw invalid("route", say("routes_default", { version }));
    }
  }
}

/** Those that lie in no other one. */
function outermost(cidrs: readonly Cidr[]): Cidr[] {
  return cidrs.filter(
    (cidr, i) =>
      !cidrs.some(
        (other, j) =>
          i !== j && overlaps(other, cidr) && (other.mask < cidr.mask || (other.mask === cidr.mask && j < i)),
      ),
  );
}

/** Whether one other machine inside can have this address. */
export function canBeInside(text: string): boolean {
  const ip = parseIp(text);
  const cidr = ip && { version: ip.version, first: ip.value, mask: bitsOf(ip.version) };
  return cidr !== undefined && !neverInside.some((block) => overlaps(block, cidr));
}

export function requireDnsServer(text: string): string {
  if (!parseIp(text)) throw violation("dns-server-form", { address: text });
  if (!canBeInside(text)) throw violation("dns-server-outside", { address: text });
  return text;
}
