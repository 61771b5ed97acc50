import type { Db, Tx } from "../db.ts";
import { query } from "../kysely.ts";

/** DNS settings of an instance; the lists are ordered. */
export interface DnsRows {
  servers: readonly string[];
  domains: readonly string[];
  search: readonly string[];
  /** Stored and returned, but not used. */
  recovered: readonly string[];
}

const addresses = async (db: Db, table: "instance_dns_server" | "instance_recovered_dns", instanceId: string) =>
  (
    await query(db)
      .selectFrom(table)
      .select("address")
      .where("instance_id", "=", instanceId)
      .orderBy("position")
      .execute()
  ).map((row) => row.address);

const domains = async (db: Db, table: "instance_dns_domain" | "instance_dns_search", instanceId: string) =>
  (
    await query(db)
      .selectFrom(table)
      .select("domain")
      .where("instance_id", "=", instanceId)
      .orderBy("position")
      .execute()
  ).map((row) => row.domain);

export async function dnsOf(db: Db, instanceId: string): Promise<DnsRows> {
  return {
    servers: await addresses(db, "instance_dns_server", instanceId),
    domains: await domains(db, "instance_dns_domain", instanceId),
    search: await domains(db, "instance_dns_search", instanceId),
    recovered: await addresses(db, "instance_recovered_dns", instanceId),
  };
}

export async function replaceDns(tx: Tx, instance_id: string, wanted: DnsRows): Promise<void> {
  const lists = [
    ["instance_dns_server", wanted.servers.map((address, position) => ({ instance_id, address, position }))],
    ["instance_recovered_dns", wanted.recovered.map((address, position) => ({ instance_id, address, position }))],
    ["instance_dns_domain", wanted.domains.map((domain, position) => ({ instance_id, domain, position }))],
    ["instance_dns_search", wanted.search.map((domain, position) => ({ instance_id, domain, position }))],
  ] as const;
  for (const [table, rows] of lists) {
    await query(tx).deleteFrom(table).where("instance_id", "=", instance_id).execute();
    if (rows.length > 0)
      await query(tx)
        .insertInto(table)
        .values(rows as never)
        .execute();
  }
}
