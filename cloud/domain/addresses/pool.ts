import { type Cidr, contains, formatIp, parseIp, sizeOf } from "../../base/ip.ts";

/** An address that was assigned at some time; all other addresses are free. */
export interface AddressRecord {
  ip: string;
  /** The account and device it was last assigned to. */
  holder: string;
  /** Whether a running session uses it. */
  inUse: boolean;
  /**
   * Epoch ms until which an access point may still have its former peer; 0 = all have confirmed the removal. Until then only the same
   * device can get it.
   */
  blockedUntil: number;
  /** Epoch ms until which it is reserved for its device, unless the pool is exhausted. */
  heldUntil: number;
}

export interface PoolQuestion {
  cidrs: readonly Cidr[];
  records: readonly AddressRecord[];
  /** Fixed addresses of accounts, which are not assigned dynamically. */
  reserved: ReadonlySet<string>;
  /** The account and device that need an address. */
  holder: string;
  /** Epoch ms. */
  now: number;
}

/** Assignable addresses of a block, without its network and broadcast address. */
export function usable(cidr: Cidr): { from: bigint; to: bigint } {
  return { from: cidr.first + 1n, to: cidr.first + sizeOf(cidr) - 2n };
}

/** Whether this address can be assigned to a device. */
export function isUsable(cidrs: readonly Cidr[], text: string): boolean {
  const ip = parseIp(text);
  if (!ip) return false;
  const cidr = cidrs.find((block) => contains(block, ip));
  if (!cidr) return false;
  const { from, to } = usable(cidr);
  return ip.value >= from && ip.value <= to;
}

/**
 * Chooses a dynamic address: the one reserved for this device, else the lowest free one, else the one whose reservation for another
 * device ends first. undefined = the pool is exhausted.
 */
export function chooseAddress(question: PoolQuestion): string | undefined {
  const { cidrs, records, reserved, holder, now } = question;
  const open = (record: AddressRecord) => !record.inUse && !reserved.has(record.ip) && isUsable(cidrs, record.ip);
  const own = records
    .filter((record) => record.holder === holder && open(record))
    .sort((a, b) => b.heldUntil - a.heldUntil)[0];
  if (own) return own.ip;
  const avoid = new Set(reserved);
  for (const record of records) {
    if (record.inUse || record.blockedUntil > now || record.heldUntil > now) avoid.add(record.ip);
  }
  for (const cidr of cidrs) {
    const { from, to } = usable(cidr);
    // At most avoid.size + 1 iterations per block, however large the block is.
    for (let value = from; value <= to; value++) {
      const ip = formatIp({ version: cidr.version, value });
      if (!avoid.has(ip)) return ip;
    }
  }
  return records
    .filter((record) => open(record) && record.blockedUntil <= now)
    .sort((a, b) => a.heldUntil - b.heldUntil)[0]?.ip;
}
