import { randomBytes } from "node:crypto";
import { Refusal } from "../../base/cause.ts";
import { type Cidr, formatIp, parseCidr } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import type { Tx } from "../../store/db.ts";
import { fixedAddresses, givenAddresses } from "../../store/queries/addresses.ts";
import { cidrsOfInstance } from "../../store/queries/instances.ts";
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
  accountId: string;
  deviceId: string;
  /** The account's fixed address. */
  fixed: string | null;
  /** Epoch ms. */
  now: number;
}

/** Finds an address pair for a new session, within its transaction. */
export async function allocate(tx: Tx, question: AllocationQuestion): Promise<Addresses> {
  const { ula, ccnId, instanceId, accountId, deviceId, fixed, now } = question;
  const rows = await givenAddresses(tx, ccnId);
  // An address belongs to a device of an account: the device's id alone is only its own word.
  const holderOf = (account: string | null, device: string) => `${account ?? ""} ${device}`;
  const holder = holderOf(accountId, deviceId);
  const records = rows.map((row) => ({
    ...row,
    holder: holderOf(row.account_id, row.device_id),
    inUse: row.session !== null && row.ended_at === null,
  }));
  const ip6Of = (ip: string) => records.find((r) => r.ip === ip && r.holder === holder && !r.inUse)?.ip6 ?? newIp6(ula);
  if (fixed !== null) {
    const record = records.find((r) => r.ip === fixed);
    if (record?.inUse) throw new Refusal("address_in_use", say("fixed_address_in_use", { address: fixed }));
    if (record && record.account_id !== accountId && record.blocked_until > now) {
      // Packets for it would go to its former owner, or from him under this account's name.
      const text = say("fixed_address_may_be_in_use", { address: fixed });
      throw new Refusal("address_in_use", text, { retryAfterMs: record.blocked_until - now });
    }
    return { ip: fixed, ip6: ip6Of(fixed) };
  }
  const cidrs = await cidrsOfInstance(tx, instanceId);
  // Other instances of the same CCN may have overlapping blocks: their fixed addresses count too.
  const reserved = await fixedAddresses(tx, ccnId);
  const ip = chooseAddress({
    cidrs: blocks(cidrs),
    records: records.map(
      (r): AddressRecord => ({
        ip: r.ip,
        holder: r.holder,
        inUse: r.inUse,
        blockedUntil: r.blocked_until,
        heldUntil: r.held_until,
      }),
    ),
    reserved,
    holder,
    now,
  });
  if (ip === undefined) {
    throw new Refusal("address_pool_exhausted", say("addresses_exhausted"));
  }
  return { ip, ip6: ip6Of(ip) };
}
