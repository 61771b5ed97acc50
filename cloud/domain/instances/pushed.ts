import type { Db } from "../../store/db.ts";
import { dnsOf } from "../../store/queries/dns.ts";
import type { InstancePolicy } from "../limits/policy.ts";
import { listResources, type ResourceView } from "../resources/listing.ts";
import type { InstanceRow } from "./own.ts";

/** Settings that clients receive, apart from routes. */
export interface Pushed {
  dnsServers: string[];
  /** Names that these servers resolve; none = all. */
  dnsDomains: string[];
  /** Search domains, in this order. */
  dnsSearchDomains: string[];
  resources: ResourceView[];
  policy: InstancePolicy;
}

export const policyOf = (instance: InstanceRow): InstancePolicy => ({
  fullTunnel: instance.full_tunnel === 1,
  lockdown: instance.lockdown === 1,
  leaseSeconds: instance.lease_seconds,
  signInSeconds: instance.sign_in_seconds,
  devicesPerAccount: instance.devices_per_account,
  secondFactorRequired: instance.second_factor_required === 1,
});

export async function pushedBy(db: Db, instance: InstanceRow): Promise<Pushed> {
  const { servers, domains, search } = await dnsOf(db, instance.id);
  return {
    dnsServers: [...servers],
    dnsDomains: [...domains],
    dnsSearchDomains: [...search],
    resources: await listResources(db, instance.id),
    policy: policyOf(instance),
  };
}
