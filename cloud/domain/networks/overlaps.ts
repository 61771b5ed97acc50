import { overlaps, parseCidr } from "../../base/ip.ts";

/** A prefix of a cloud network. */
export interface Prefix {
  cidr: string;
  networkId: string;
}

/** Whether two prefixes, or an address and a prefix, share addresses. */
export function clash(a: string, b: string): boolean {
  const [x, y] = [asPrefix(a), asPrefix(b)].map(parseCidr);
  return x !== undefined && y !== undefined && overlaps(x, y);
}

function asPrefix(text: string): string {
  if (text.includes("/")) return text;
  return text.includes(":") ? `${text}/128` : `${text}/32`;
}

/** Prefixes of other networks that overlap this one. */
export function conflictsOf<P extends Prefix>(prefix: Prefix, all: readonly P[]): P[] {
  return all.filter((other) => other.networkId !== prefix.networkId && clash(prefix.cidr, other.cidr));
}
