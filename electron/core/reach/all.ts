import { existsSync } from "node:fs";
import { join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import type { IntranetState } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";
import { removeFile, writeAtomic } from "../host/files.ts";

/**
 * Something that more than one intranet claims: a domain with all names below it, a range of addresses, or "*" for
 * all other names.
 */
export interface Overlap {
  what: string;
  intranets: string[];
}

/** One PAC file for several intranets. */
export interface Combined {
  pac: string;
  overlaps: Overlap[];
}

type Part = Pick<IntranetState, "intranet" | "socks" | "http" | "session">;

/**
 * The discard port. Destinations that two intranets claim are blocked, because no choice would be right, and direct
 * would leak them.
 */
const nowhere = "PROXY 127.0.0.1:9";

/** The file that every sag-tunnel of this user serves as /all.pac. */
export const allPacFile = (environment: Environment): string => join(environment.runtimeDir, "all.pac");

/** Writes the PAC file for these intranets; removes it if there are none. */
export async function writeAllPac(environment: Environment, states: Part[]): Promise<Combined> {
  const combined = combine(states);
  if (states.length > 0) await writeAtomic(allPacFile(environment), combined.pac);
  else await removeFile(allPacFile(environment));
  return combined;
}

/** Updates the PAC file after a change, if it is in use. */
export async function refreshAllPac(environment: Environment, states: () => Promise<IntranetState[]>): Promise<void> {
  if (!existsSync(allPacFile(environment))) return;
  await writeAllPac(environment, (await states()).filter(isProxied));
}

/** Whether the intranet has proxies that a PAC file can name. */
export const isProxied = ({ socks, http, session }: Part): boolean => Boolean(socks && http && session);

/** Chooses by the longest domain, then by address range. What two intranets claim is blocked and reported. */
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

  // Short names go to the intranet that has search domains. If none has, a single intranet's proxy gets them, because
  // it uses the host's search list.
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
      // The owner of an enclosing range claims this range too.
      const owners = ranges.filter((other) => contains(other, range)).flatMap((other) => all.get(other) ?? []);
      return [range, choose(range, [...new Set(owners)])];
    });
  const sixes = parts.filter(({ session }) => session?.routes.some((route) => route.includes(":")));
  // PAC has no portable test for IPv6 ranges, so one intranet gets all of IPv6.
  const six =
    sixes.length > 0
      ? choose(
          "IPv6",
          sixes.map((one) => one.intranet),
        )
      : "DIRECT";
  return { pac: write({ names, short, otherNames, ranges: fours, six }), overlaps };
}

/** SOCKS5 comes first: the HTTP proxy parses what it forwards, which breaks devices with a non-standard HTTP. */
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
  // A name that no intranet claims may resolve to an address inside one. With several proxies the PAC file has to
  // resolve it itself.
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
    // isInNet would resolve names, so it is called with addresses only.
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

/** JSON strings are valid JavaScript; "<" is escaped so that the file cannot contain a tag. */
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
