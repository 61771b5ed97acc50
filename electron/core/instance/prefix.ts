import { isIP } from "node:net";

/** Parses ADDRESS/LENGTH (RFC 4291 2.3) without a zone; undefined if the text is malformed. */
export function readPrefix(text: string): { address: bigint; width: 32 | 128; length: number } | undefined {
  const [host = "", bits = "", ...more] = text.split("/");
  const family = isIP(host);
  if (family === 0 || host.includes("%") || more.length > 0 || !/^(0|[1-9][0-9]{0,2})$/.test(bits)) return undefined;
  const width = family === 4 ? 32 : 128;
  const length = Number(bits);
  if (length > width) return undefined;
  return { address: family === 4 ? four(host) : six(host), width, length };
}

/** Whether the text is a network prefix: no host bits are set. */
export function isNetwork(text: string): boolean {
  const prefix = readPrefix(text);
  if (!prefix) return false;
  const host = BigInt(prefix.width - prefix.length);
  return (prefix.address & ((1n << host) - 1n)) === 0n;
}

const four = (host: string): bigint => host.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);

function six(host: string): bigint {
  // The last 32 bits may be in IPv4 notation.
  const tail = /[0-9.]+$/.exec(host)?.[0] ?? "";
  const low = tail.includes(".") ? four(tail) : undefined;
  const words =
    low === undefined
      ? host
      : `${host.slice(0, -tail.length)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  const [before = "", after] = words.split("::");
  const parts = (side: string) => side.split(":").filter((part) => part !== "");
  const [left, right] = [parts(before), parts(after ?? "")];
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return all.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}
