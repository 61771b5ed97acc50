import { invalid } from "../../base/cause.ts";
import { bitsOf, type Cidr, formatCidr, overlaps, parseCidr, parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { violation } from "../rules.ts";

// native/internal/session/routes.go has the same rules, with which clients check the routes they receive; proto/limits/inside.json
// tests both.

/** Prefixes that belong to the host itself or to its link, or cannot be a host's address. */
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

/** Shortest prefix length that is accepted as a network; shorter ones would route a large part of the Internet. fc00::/7 for IPv6. */
const shortest = { 4: 8, 6: 7 } as const;

/** Prefixes that together cover one in this many addresses of a family count as a default route. */
const share = 4n;

/** Checks a route and returns it in canonical form. */
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

/** Refuses routes that together amount to a default route. */
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

/** The prefixes that are not contained in another one. */
function outermost(cidrs: readonly Cidr[]): Cidr[] {
  return cidrs.filter(
    (cidr, i) =>
      !cidrs.some(
        (other, j) =>
          i !== j && overlaps(other, cidr) && (other.mask < cidr.mask || (other.mask === cidr.mask && j < i)),
      ),
  );
}

/** Whether a host of the intranet can have this address. */
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
