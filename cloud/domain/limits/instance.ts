import { domainToASCII } from "node:url";
import { invalid } from "../../base/cause.ts";
import { type Cidr, formatCidr, overlaps, parseCidr } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import { violation } from "../rules.ts";
import { isPrivate, privateBlocks } from "./private.ts";
import { requireText, textRules } from "./text.ts";
import { codePattern } from "./values.ts";

/** The larger of the two documented limits. */
export const maxCidrs = 10;
export const maxRoutes = 1_000;
export const maxDnsServers = 8;
export const maxDnsDomains = 128;
export const maxDnsSearchDomains = 16;
/** Prefix lengths; other sizes are not useful as client address blocks. */
export const cidrMask = { min: 8, max: 30 };

export function requireInstanceName(name: string): string {
  return requireText(textRules.instanceName, name);
}

/** Checks an enterprise code of five letters or digits. Case does not matter; codes are stored in upper case. */
export function requireCode(code: string): string {
  if (!codePattern.test(code)) throw invalid("code", say("code_form"));
  return code.toUpperCase();
}

const unusableBlocks = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/**
 * Checks a new address block of an instance: IPv4, /8 to /30, canonical, no overlap with `existing`. A `known` block, which the
 * instance already has, may be public.
 */
export function requireCidr(text: string, existing: readonly Cidr[], most: number = maxCidrs, known = false): Cidr {
  const cidr = parseCidr(text);
  if (cidr?.version !== 4) throw violation("cidr-form", { cidr: text });
  if (cidr.mask < cidrMask.min || cidr.mask > cidrMask.max) throw violation("cidr-mask", { cidr: text, ...cidrMask });
  if (unusableBlocks.some((block) => overlaps(block, cidr))) throw violation("cidr-unusable", { cidr: text });
  if (!known && !isPrivate(cidr)) throw violation("cidr-public", { cidr: text, private: privateBlocks });
  const other = existing.find((block) => overlaps(block, cidr));
  if (other) throw violation("cidr-overlap", { cidr: text, other: formatCidr(other) });
  if (existing.length >= most) throw violation("cidr-limit", { limit: most });
  return cidr;
}

/**
 * Checks a DNS name and returns it in lower case, without the final dot and in punycode ("büro.example" becomes xn--bro-hoa.example).
 */
export function requireDomain(text: string): string {
  const name = (/[^\x20-\x7e]/.test(text) ? domainToASCII(text) : text).toLowerCase().replace(/\.$/, "");
  const label = "[0-9a-z_]([0-9a-z_-]{0,61}[0-9a-z_])?";
  if (name.length > 253 || !new RegExp(`^${label}([.]${label})*$`).test(name)) {
    throw invalid("domain", say("domain_form", { domain: text }));
  }
  return name;
}
