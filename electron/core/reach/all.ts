import { existsSync } from "node:fs";
import { join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import type { IntranetState } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";
import { removeFile, writeAtomic } from "../host/files.ts";

/** Something that more than one intranet claims: a name with all below it, a range of addresses, or "*" for all other names. */
export interface Overlap {
  what: string;
  intranets: string[];
}

/** One PAC for several intranets. */
export interface Combined {
  pac: string;
  overlaps: Overlap[];
}

type Part = Pick<IntranetState, "intranet" | "socks" | "http" | "session">;

/** The discard port: what two intranets claim goes to neither, and not directly either. */
const nowhere = "PROXY 127.0.0.1:9";

/** The file that every sag-tunnel of this user serves as /all.pac. */
export const allPacFile = (environment: Environment): string => join(environment.runtimeDir, "all.pac");

/** Writes the PAC for these, or takes it away when there are none. */
export async function writeAllPac(environment: Environment, states: Part[]): Promise<Combined> {
  const combined = combine(states);
  if (states.length > 0) await writeAtomic(allPacFile(environment), combined.pac);
  else await removeFile(allPacFile(environment));
  return combined;
}

/** After a change, if a PAC file is in use. */
export async function refreshAllPac(environment: Environment, states: () => Promise<IntranetState[]>): Promise<void> {
  if (!existsSync(allPacFile(environment))) return;
  await writeAllPac(environment, (await states()).filter(isProxied));
}

/** Has proxies that a PAC can name. */
export const isProxied = ({ socks, http, session }: Part): boolean => Boolean(socks && http && session);

/** Decides by the longest name, then by ranges; what two intranets claim goes nowhere, and is reported. */
export function combine(parts: Part[]): Combined {
  const overlaps: Overlap[] = [];
  const proxies = new Map(parts.map((part) => [part.intranet, proxyOf(part)]));
  const choose = (what: string, intranets: string[]): string => {
    const [only] = intranets;
    if (only !== undefined && intranets.length === 1) return proxies.get(only) ?? nowhere;
    overlaps.push({ what, intranets });
    return nowhere;
  };
  const claims = <T>(of: (part: Part) => T[]): Map<T, string[]> => {
    const found = new Map<T, string[]>();
    for (const part of parts)
      for (const what of new Set(of(part))) found.set(what, [...(found.get(what) ?? []), part.intranet]);
    return found;
  };

  const names = [...claims((part) => part.session?.dnsDomains ?? [])]
    .sort(([a], [b]) => b.length - a.length)
    .map(([domain, intranets]): [string, string] => [domain, choose(domain, intranets)]);
  const everything = parts.filter(
    ({ session }) => session && session.dnsServers.length > 0 && session.dnsDomains.length === 0,
  );
  const otherNames =
    everything.length > 0
      ? choose(
          "*",
          everything.map((one) => one.intranet),
        )
      : "DIRECT";

  // Short names belong to the intranet that completes them. If none does, a single intranet's proxy still knows the host's search list.
  const completing = parts.filter(({ session }) => session && session.dnsSearchDomains.length > 0);
  const shortNames = completing.length > 0 ? completing : parts.filter(({ session }) => session?.dnsServers.length);
  const short =
    completing.length > 0 || shortNames.length === 1
      ? choose(
          texts.core.shortNames,
          shortNames.map((one) => one.intranet),
        )
      : otherNames;

  const all = claims((part) => part.session?.routes ?? []);
  const ranges = [...all.keys()].filter((range) => !range.includes(":"));
  const fours = ranges
    .sort((a, b) => bitsOf(b) - bitsOf(a))
    .map((range): [string, string] => {
      // A range within another one's is claimed by that one too.
      const owners = ranges.filter((other) => contains(other, range)).flatMap((other) => all.get(other) ?? []);
      return [range, choose(range, [...new Set(owners)])];
    });
  const sixes = parts.filter(({ session }) => session?.routes.some((route) => route.includes(":")));
  // PAC has no portable test for ranges of IPv6, so one intranet has all of it.
  const six =
    sixes.length > 0
      ? choose(
          "IPv6",
          sixes.map((one) => one.intranet),
        )
      : "DIRECT";
  return { pac: write({ names, short, otherNames, ranges: fours, six }), overlaps };
}

/** What passes by SOCKS5 is not looked at, so that pages of devices that speak HTTP in their own way come as they are. */
const proxyOf = ({ socks, http }: Part): string => `SOCKS5 ${socks}; PROXY ${http}; SOCKS ${socks}`;

interface Choices {
  names: [string, string][];
  short: string;
  otherNames: string;
  ranges: [string, string][];
  six: string;
}

function write({ names, short, otherNames, ranges, six }: Choices): string {
  const byRange = ranges.map(([range, proxy]) => {
    const [address = "", mask] = [range.split("/")[0], maskOf(bitsOf(range))];
    return `  if (isInNet(address, ${quote(address)}, ${quote(mask)})) return ${quote(proxy)};`;
  });
  // A name that no intranet claims may resolve to an address of one. One proxy alone cannot tell whose address it is.
  const byAddress = [
    "  var address = dnsResolve(host);",
    '  var proxy = address && address.indexOf(":") < 0 ? choose(address) : "DIRECT";',
    "  return proxy;",
  ];
  return `${[
    "function choose(address) {",
    ...byRange,
    '  return "DIRECT";',
    "}",
    "function FindProxyForURL(url, host) {",
    "  host = host.toLowerCase();",
    '  if (host.charAt(host.length - 1) === ".") host = host.slice(0, -1);',
    // isInNet would resolve a name, so it is asked about addresses only.
    "  if (/^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+$/.test(host)) return choose(host);",
    `  if (host.indexOf(":") >= 0) return ${quote(six)};`,
    '  if (host === "localhost" || host.slice(-10) === ".localhost") return "DIRECT";',
    ...names.map(
      ([domain, proxy]) =>
        `  if (host === ${quote(domain)} || host.slice(${-domain.length - 1}) === ${quote(`.${domain}`)}) return ${quote(proxy)};`,
    ),
    `  if (host.indexOf(".") < 0) return ${quote(short)};`,
    ...(otherNames === "DIRECT" && ranges.length > 0 ? byAddress : [`  return ${quote(otherNames)};`]),
    "}",
  ].join("\n")}\n`;
}

/** JSON's strings are JavaScript's; "<" is written so that no file of this kind can hold a tag. */
const quote = (text: string): string => JSON.stringify(text).replaceAll("<", "\\u003c");

const bitsOf = (range: string): number => Number(range.split("/")[1] ?? 32);
const numberOf = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const sizeOf = (bits: number): number => 2 ** (32 - bits);

function contains(outer: string, inner: string): boolean {
  const size = sizeOf(bitsOf(outer));
  const block = (range: string): number => Math.floor(numberOf(range.split("/")[0] ?? "") / size);
  return bitsOf(outer) <= bitsOf(inner) && block(outer) === block(inner);
}

const maskOf = (bits: number): string => {
  const mask = 2 ** 32 - sizeOf(bits);
  return [24, 16, 8, 0].map((shift) => Math.floor(mask / 2 ** shift) % 256).join(".");
};
