import { randomBytes } from "node:crypto";
import type { Transaction } from "kysely";
import { Refusal } from "../../base/cause.ts";
import { type Cidr, formatIp, parseCidr } from "../../base/ip.ts";
import type { Schema } from "../../store/schema.ts";
import { type AddressRecord, chooseAddress } from "../addresses/pool.ts";

/** ms for which a dynamic address is held for its device. */
export const holdMs = 24 * 3_600_000;
/** ms after the end of a lease until an address is used again without the access points' word. */
export const safetyMs = 60_000;

export interface Addresses {
  ip: string;
  ip6: string;
}

/** A random address in the clients' part of the cloud's own range: subnet 0001. */
function newIp6(ula: bigint): string {
  const host = BigInt(`0x${randomBytes(8).toString("hex")}`);
  return formatIp({ version: 6, value: (ula << 80n) | (1n << 64n) | host });
}

/** Where an access point answers probes: subnet ffff. */
export function probeAddress(ula: bigint, number: number): string {
  return formatIp({ version: 6, value: (ula << 80n) | (0xffffn << 64n) | BigInt(number) });
}

/** Parses what the store has; only valid blocks get there. */
export function blocks(texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

export interface AllocationQuestion {
  ula: bigint;
  ccnId: string;
  instanceId: string;
  deviceId: string;
  /** The account's fixed address. */
  fixed: string | null;
  /** Epoch ms. */
  now: number;
}

/** Finds an address pair for a new session, within its transaction. */
export async function allocate(tx: Transaction<Schema>, question: AllocationQuestion): Promise<Addresses> {
  const { ula, ccnId, instanceId, deviceId, fixed, now } = question;
  const records = await tx
    .selectFrom("address")
    .leftJoin("session", (join) =>
      join.onRef("session.id", "=", "address.session_id").on("session.ended_at", "is", null),
    )
    .select([
      "address.ip",
      "address.ip6",
      "address.device_id",
      "address.blocked_until",
      "address.held_until",
      "session.id as running",
    ])
    .where("address.ccn_id", "=", ccnId)
    .execute();
  const ip6Of = (ip: string) =>
    records.find((r) => r.ip === ip && r.device_id === deviceId && r.running === null)?.ip6 ?? newIp6(ula);
  if (fixed !== null) {
    const record = records.find((r) => r.ip === fixed);
    if (record?.running)
      throw new Refusal("address_in_use", `The fixed address ${fixed} is in use by another account.`);
    return { ip: fixed, ip6: ip6Of(fixed) };
  }
  const cidrs = await tx
    .selectFrom("instance_cidr")
    .select("cidr")
    .where("instance_id", "=", instanceId)
    .orderBy("position")
    .execute();
  // Other instances of the same CCN may have overlapping blocks: their fixed addresses count too.
  const reserved = await tx
    .selectFrom("account")
    .innerJoin("instance", "instance.id", "account.instance_id")
    .select("account.client_ip")
    .where("instance.ccn_id", "=", ccnId)
    .where("account.client_ip", "is not", null)
    .execute();
  const ip = chooseAddress({
    cidrs: blocks(cidrs.map((row) => row.cidr)),
    records: records.map(
      (r): AddressRecord => ({
        ip: r.ip,
        deviceId: r.device_id,
        inUse: r.running !== null,
        blockedUntil: r.blocked_until,
        heldUntil: r.held_until,
      }),
    ),
    reserved: new Set(reserved.map((row) => row.client_ip ?? "")),
    deviceId,
    now,
  });
  if (ip === undefined) {
    throw new Refusal("address_pool_exhausted", "All client addresses of this intranet are in use.");
  }
  return { ip, ip6: ip6Of(ip) };
}
