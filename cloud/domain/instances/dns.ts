import { type DnsRows, dnsOf, replaceDns } from "../../store/queries/dns.ts";
import type { Change } from "../change.ts";
import { canBeInside, requireDnsServer } from "../limits/inside.ts";
import { maxDnsDomains, maxDnsSearchDomains, maxDnsServers, requireDomain } from "../limits/instance.ts";
import { violation } from "../rules.ts";
import { profileChanged } from "../sessions/profile.ts";

/** DNS settings that clients receive. undefined = unchanged; removing the last name server also removes the domains. */
export interface DnsSettings {
  /** Name servers; none = clients keep their own DNS settings. */
  servers: readonly string[];
  /** Names resolved by these servers, with all names below them; none = all names. */
  domains?: readonly string[] | undefined;
  /** Search domains, in this order. If `domains` is set, each must be one of these or below one. */
  search?: readonly string[] | undefined;
  /** Stored and returned, but not used. */
  recovered?: readonly string[] | undefined;
}

/** Replaces the DNS settings of an instance. */
export async function setDns(change: Change, instanceId: string, settings: DnsSettings): Promise<void> {
  const { tx, context } = change;
  const before = await dnsOf(tx, instanceId);
  const kept = settings.servers.length === 0 ? { ...before, domains: [], search: [] } : before;
  const wanted: DnsRows = {
    servers: [...new Set(settings.servers.map(requireDnsServer))],
    domains: [...new Set((settings.domains ?? kept.domains).map(requireDomain))],
    search: [...new Set((settings.search ?? kept.search).map(requireDomain))],
    recovered: [...new Set((settings.recovered ?? kept.recovered).map(requireRecovered))],
  };
  if (wanted.servers.length > maxDnsServers) throw violation("dns-server-limit", { limit: maxDnsServers });
  if (wanted.domains.length > maxDnsDomains) throw violation("dns-domain-limit", { limit: maxDnsDomains });
  if (wanted.servers.length === 0 && wanted.domains.length > 0) throw violation("domains-without-server");
  requireSearch(wanted);
  await replaceDns(tx, instanceId, wanted);
  change.after(() => profileChanged(context, instanceId));
}

function requireRecovered(address: string): string {
  if (!canBeInside(address)) throw violation("recovered-dns-server", { address });
  return address;
}

/**
 * Every search domain must be resolved through the tunnel, otherwise the client would send short names of the intranet to outside name
 * servers.
 */
function requireSearch({ servers, domains, search }: DnsRows): void {
  if (search.length > maxDnsSearchDomains) throw violation("search-limit", { limit: maxDnsSearchDomains });
  if (servers.length === 0 && search.length > 0) throw violation("search-without-server");
  const isInside = (name: string): boolean =>
    domains.length === 0 || domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  const stray = search.find((name) => !isInside(name));
  if (stray !== undefined) throw violation("search-outside", { name: stray });
}
