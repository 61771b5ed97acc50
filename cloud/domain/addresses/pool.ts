import { type Cidr, contains, formatIp, parseIp, sizeOf } from "../../base/ip.ts";

/** What is known of an address that was given out at some time; others are simply free. */
export interface AddressRecord {
  ip: string;
  /** The account and device that it was last given to. */
  holder: string;
  /** Its session is running. */
  inUse: boolean;
  /**
   * Epoch ms until which an access point may still carry its former peer; 0 once all of them confirmed the removal. Nobody but
   * the same device gets it before.
   */
  blockedUntil: number;
  /** Epoch ms until which it is held for its device, if the pool allows. */
  heldUntil: number;
}

export interface PoolQuestion {
  cidrs: readonly Cidr[];
  records: readonly AddressRecord[];
  /** Fixed addresses of accounts: never given out dynamically. */
  reserved: ReadonlySet<string>;
  /** The account and device that asks. */
  holder: string;
  /** Epoch ms. */
  now: number;
}

/** First and last addresses of a block belong to the network and to broadcast. */
export function usable(cidr: Cidr): { from: bigint; to: bigint } {
  return { from: cidr.first + 1n, to: cidr.first + sizeOf(cidr) - 2n };
}

/** Whether a device may be given this very address. */
export function isUsable(cidrs: readonly Cidr[], text: string): boolean {
  const ip = parseIp(text);
  if (!ip) return false;
  const cidr = cidrs.find((block) => contains(block, ip));
  if (!cidr) return false;
  const { from, to } = usable(cidr);
  return ip.value >= from && ip.value <= to;
}

/**
 * Chooses a dynamic address: the one held for this device; else the lowest that was not in use lately; else, when the pool is
 * tight, the one whose hold for another device is oldest. undefined = exhausted.
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
    // Ends after at most avoid.size + 1 steps per block, however large the block.
    for (let value = from; value <= to; value++) {
      const ip = formatIp({ version: cidr.version, value });
      if (!avoid.has(ip)) return ip;
    }
  }
  return records
    .filter((record) => open(record) && record.blockedUntil <= now)
    .sort((a, b) => a.heldUntil - b.heldUntil)[0]?.ip;
}
