/** An IP address as a number, so that ranges are arithmetic. */
export interface Ip {
  version: 4 | 6;
  value: bigint;
}

/** A prefix in canonical form: no bits set to the right of the mask. */
export interface Cidr {
  version: 4 | 6;
  first: bigint;
  /** Prefix length, bits. */
  mask: number;
}

export function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

/** Parses dotted decimal (without leading zeros) or RFC 4291 text; undefined for anything else. */
export function parseIp(text: string): Ip | undefined {
  if (text.includes(":")) {
    const value = parseV6(text);
    return value === undefined ? undefined : { version: 6, value };
  }
  const value = parseV4(text);
  return value === undefined ? undefined : { version: 4, value };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = (value << 8n) | BigInt(byte);
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "");
  const tail = halves.length === 2 ? groups(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...head, ...new Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return value;
}

function groups(text: string): number[] | undefined {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && index === parts.length - 1) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      out.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      out.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return out;
}

/** Canonical text (RFC 5952 for v6). */
export function formatIp(ip: Ip): string {
  if (ip.version === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => ((ip.value >> shift) & 0xffn).toString()).join(".");
  }
  const words = Array.from({ length: 8 }, (_, i) => Number((ip.value >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: number[]) => part.map((word) => word.toString(16)).join(":");
  if (best.start < 0) return hex(words);
  return `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
}

/** Parses ADDRESS/LENGTH; undefined unless it is canonical (10.0.0.1/8 is not). */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return undefined;
  const ip = parseIp(match[1] ?? "");
  const mask = Number(match[2]);
  if (!ip || mask > bitsOf(ip.version)) return undefined;
  const cidr: Cidr = { version: ip.version, first: ip.value, mask };
  return (ip.value & (sizeOf(cidr) - 1n)) === 0n ? cidr : undefined;
}

/** The prefix of ADDRESS/LENGTH with host bits: 10.77.0.80/16 → 10.77.0.0/16; "" if it has none, or is not valid. */
export function withoutHostBits(text: string): string {
  const slash = text.lastIndexOf("/");
  const [ip, mask] = [parseIp(text.slice(0, slash)), text.slice(slash + 1)];
  if (!ip || !/^\d{1,3}$/.test(mask) || Number(mask) > bitsOf(ip.version) || parseCidr(text)) return "";
  const size = 1n << BigInt(bitsOf(ip.version) - Number(mask));
  return formatCidr({ version: ip.version, first: ip.value - (ip.value % size), mask: Number(mask) });
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ version: cidr.version, value: cidr.first })}/${cidr.mask}`;
}

/** Number of addresses. */
export function sizeOf(cidr: Cidr): bigint {
  return 1n << BigInt(bitsOf(cidr.version) - cidr.mask);
}

export function contains(cidr: Cidr, ip: Ip): boolean {
  return cidr.version === ip.version && ip.value >= cidr.first && ip.value < cidr.first + sizeOf(cidr);
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.version === b.version && a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a);
}

/** The address as a host prefix: 10.0.0.1 → 10.0.0.1/32. */
export function hostPrefix(text: string): string {
  return `${text}/${text.includes(":") ? 128 : 32}`;
}
