import { randomBytes } from "node:crypto";
import { Refusal } from "../../base/cause.ts";
import { type Cidr, formatIp, parseCidr } from "../../base/ip.ts";
import { say } from "../../base/say.ts";
import type { Tx } from "../../store/db.ts";
import { fixedAddresses, givenAddresses } from "../../store/queries/addresses.ts";
import { cidrsOfInstance } from "../../store/queries/instances.ts";
import { type AddressRecord, chooseAddress } from "../addresses/pool.ts";

/** How long a dynamic address is reserved for its device after a session, ms. */
export const holdMs = 24 * 3_600_000;
/** How long after the lease an address is reused if its access points have not confirmed the removal, ms. */
export const safetyMs = 60_000;

export interface Addresses {
  ip: string;
  ip6: string;
}

/** A random address in subnet 0001 of the cloud's ULA prefix, which is for clients. */
function newIp6(ula: bigint): string {
  const host = BigInt(`0x${randomBytes(8).toString("hex")}`);
  return formatIp({ version: 6, value: (ula << 80n) | (1n << 64n) | host });
}

/** Address at which an access point answers probes, in subnet ffff. */
export function probeAddress(ula: bigint, number: number): string {
  return formatIp({ version: 6, value: (ula << 80n) | (0xffffn << 64n) | BigInt(number) });
}

/** Parses blocks of the store; these were validated when they were set. */
export function blocks(texts: readonly string[]): Cidr[] {
  return texts.flatMap((text) => parseCidr(text) ?? []);
}

export interface AllocationQuestion {
  ula: bigint;
  ccnId: string;
  instanceId: string;
  accountId: string;
  deviceId: string;
  /** The account's fixed address; null = dynamic. */
  fixed: string | null;
  /** Epoch ms. */
  now: number;
}

/** Chooses the IPv4 and IPv6 address of a new session, within its transaction. */
export async function allocate(tx: Tx, question: AllocationQuestion): Promise<Addresses> {
  const { ula, ccnId, instanceId, accountId, deviceId, fixed, now } = question;
  const rows = await givenAddresses(tx, ccnId);
  // Compare account and device, since a device id is only claimed by the client.
  const holderOf = (account: string | null, device: string) => `${account ?? ""} ${device}`;
  const holder = holderOf(accountId, deviceId);
  const records = rows.map((row) => ({
    ...row,
    holder: holderOf(row.accountId, row.deviceId),
    inUse: row.session !== null && row.endedAt === null,
  }));
  const ip6Of = (ip: string) => records.find((r) => r.ip === ip && r.holder === holder && !r.inUse)?.ip6 ?? newIp6(ula);
  if (fixed !== null) {
    const record = records.find((r) => r.ip === fixed);
    if (record?.inUse) throw new Refusal("address_in_use", say("fixed_address_in_use", { address: fixed }));
    if (record && record.accountId !== accountId && record.blockedUntil > now) {
      // The access points may still route the address to its former owner, or accept his packets under this account's name.
      const text = say("fixed_address_may_be_in_use", { address: fixed });
      throw new Refusal("address_in_use", text, { retryAfterMs: record.blockedUntil - now });
    }
    return { ip: fixed, ip6: ip6Of(fixed) };
  }
  const cidrs = await cidrsOfInstance(tx, instanceId);
  // Other instances of the same CCN can have overlapping blocks, so their fixed addresses are reserved as well.
  const reserved = await fixedAddresses(tx, ccnId);
  const ip = chooseAddress({
    cidrs: blocks(cidrs),
    records: records.map(
      (r): AddressRecord => ({
        ip: r.ip,
        holder: r.holder,
        inUse: r.inUse,
        blockedUntil: r.blockedUntil,
        heldUntil: r.heldUntil,
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
