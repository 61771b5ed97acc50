import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { InstancePolicy } from "../limits/policy.ts";
import { listResources, type ResourceView } from "../resources/listing.ts";
import type { InstanceRow } from "./own.ts";

/** What an instance tells its clients apart from where they may go. */
export interface Pushed {
  dnsServers: string[];
  /** Which names these are asked for; none = all. */
  dnsDomains: string[];
  resources: ResourceView[];
  policy: InstancePolicy;
}

export async function pushedBy(db: Kysely<Schema>, instance: InstanceRow): Promise<Pushed> {
  const servers = await db
    .selectFrom("instance_dns_server")
    .select("address")
    .where("instance_id", "=", instance.id)
    .orderBy("position")
    .execute();
  const domains = await db
    .selectFrom("instance_dns_domain")
    .select("domain")
    .where("instance_id", "=", instance.id)
    .orderBy("position")
    .execute();
  return {
    dnsServers: servers.map((row) => row.address),
    dnsDomains: domains.map((row) => row.domain),
    resources: await listResources(db, instance.id),
    policy: {
      fullTunnel: instance.full_tunnel === 1,
      lockdown: instance.lockdown === 1,
      leaseSeconds: instance.lease_seconds,
      signInSeconds: instance.sign_in_seconds,
      devicesPerAccount: instance.devices_per_account,
      secondFactorRequired: instance.second_factor_required === 1,
    },
  };
}
