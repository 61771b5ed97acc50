import type { Db } from "../../store/db.ts";
import { dnsOf } from "../../store/queries/dns.ts";
import type { Instance } from "../../store/shapes.ts";
import type { InstancePolicy } from "../limits/policy.ts";
import { listResources, type ResourceView } from "../resources/listing.ts";

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

export const policyOf = (instance: Instance): InstancePolicy => ({
  fullTunnel: instance.fullTunnel === 1,
  lockdown: instance.lockdown === 1,
  leaseSeconds: instance.leaseSeconds,
  signInSeconds: instance.signInSeconds,
  devicesPerAccount: instance.devicesPerAccount,
  secondFactorRequired: instance.secondFactorRequired === 1,
  bandwidth: instance.bandwidth,
});

export async function pushedBy(db: Db, instance: Instance): Promise<Pushed> {
  const { servers, domains, search } = await dnsOf(db, instance.id);
  return {
    dnsServers: [...servers],
    dnsDomains: [...domains],
    dnsSearchDomains: [...search],
    resources: await listResources(db, instance.id),
    policy: policyOf(instance),
  };
}
