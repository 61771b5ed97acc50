import { BlockList, isIP, isIPv6 } from "node:net";
import { invalid } from "../../base/cause.ts";
import { parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";

/** Limits on connections and requests. */
export interface AdmissionRules {
  /** Total connections. Beyond it, a new connection replaces an old one, preferably one without a valid token. */
  total: number;
  /** Connections per address on which no valid token has been seen; beyond it the oldest of them is closed. */
  perAddress: number;
  /** Connections on which tokens of the same account or access point were seen; beyond it the oldest of them is closed. */
  perOwner: number;
  /** Requests per address whose body has not fully arrived; beyond it new ones are refused. */
  incomplete: number;
}

/**
 * A company behind one NAT address can have hundreds of clients, but each has no valid token only for a fraction of a second.
 */
export const defaultRules = { perAddress: 256, perOwner: 64, incomplete: 256 };

/**
 * Connections per owner that are never closed in favour of others: an app and its tunnel, and as many again while they reconnect.
 */
const alwaysKept = 4;

/**
 * Addresses of reverse proxies. Their connections carry many clients, so they are exempt from the limits per address and per
 * owner.
 */
export type Proxies = (address: string) => boolean;

/** Parses addresses and prefixes; `field` is the option they came from. */
export function proxiesFrom(prefixes: readonly string[], field = "trusted-proxy"): Proxies {
  const list = new BlockList();
  for (const text of prefixes) {
    const [address = "", length] = text.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    const most = family === "ipv6" ? 128 : 32;
    const bits = length === undefined ? most : Number(length);
    if (!isIP(address) || !/^\d{1,3}$/.test(length ?? "0") || bits > most) {
      throw invalid(field, say("address_or_prefix_invalid", { text }));
    }
    list.addSubnet(address, bits, family);
  }
  return (address) => {
    const bare = plain(address);
    return isIP(bare) !== 0 && list.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
  };
}

const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, "");

/**
 * Key of the per-address limits: the whole IPv4 address, or the /64 of an IPv6 address, since one host can use any address of its
 * /64.
 */
export function addressKey(address: string): string {
  const bare = plain(address);
  const value = isIPv6(bare) ? parseIp(bare)?.value : undefined;
  return value === undefined ? bare : (value >> 64n).toString(16);
}

/**
 * Decides which connection to close when there are too many. Connections without a valid token are closed first, from the
 * address with the most of them; then connections from the account with the most.
 */
export class Admission<Connection> {
  readonly #rules: AdmissionRules;
  readonly #isProxy: Proxies;
  /** Connections without a valid token, by address, oldest first. */
  readonly #unproven = new Map<string, Set<Connection>>();
  readonly #keys = new Map<Connection, string>();
  /** Connections with a valid token, by the token's owner, oldest first. */
  readonly #owned = new Map<string, Set<Connection>>();
  readonly #owners = new Map<Connection, string>();
  /** Connections of reverse proxies. */
  readonly #shared = new Set<Connection>();
  readonly #incomplete = new Map<string, number>();

  constructor(rules: AdmissionRules, isProxy: Proxies) {
    this.#rules = rules;
    this.#isProxy = isProxy;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Adds an accepted connection; returns those to close, possibly this one. */
  add(connection: Connection, address: string): Connection[] {
    const key = addressKey(address);
    const ended: Connection[] = [];
    if (this.#keys.size >= this.#rules.total) {
      const victim = this.#oldestOfGreediest();
      if (victim === undefined) return [connection];
      this.remove(victim);
      ended.push(victim);
    }
    this.#keys.set(connection, key);
    if (this.#isProxy(address)) {
      this.#shared.add(connection);
      return ended;
    }
    const own = this.#unproven.get(key) ?? new Set<Connection>();
    this.#unproven.set(key, own.add(connection));
    if (own.size > this.#rules.perAddress) {
      const [oldest] = own;
      if (oldest !== undefined) {
        this.remove(oldest);
        ended.push(oldest);
      }
    }
    return ended;
  }

  /** A valid token of this owner was seen on the connection; returns connections to close. */
  proven(connection: Connection, owner: string): Connection[] {
    if (!this.#keys.has(connection) || this.#shared.has(connection) || this.#owners.has(connection)) return [];
    this.#forget(connection);
    const own = this.#owned.get(owner) ?? new Set<Connection>();
    this.#owned.set(owner, own.add(connection));
    this.#owners.set(connection, owner);
    const [oldest] = own;
    if (own.size <= Math.min(this.#rules.perOwner, Math.ceil(this.#rules.total / 4)) || oldest === undefined) return [];
    this.remove(oldest);
    return [oldest];
  }

  /** Connections on which this owner's tokens were seen. */
  of(owner: string): Connection[] {
    return [...(this.#owned.get(owner) ?? [])];
  }

  remove(connection: Connection): void {
    this.#forget(connection);
    this.#keys.delete(connection);
    this.#shared.delete(connection);
    const owner = this.#owners.get(connection);
    if (owner === undefined) return;
    this.#owners.delete(connection);
    const own = this.#owned.get(owner);
    own?.delete(connection);
    if (own?.size === 0) this.#owned.delete(owner);
  }

  /** Counts a request whose body has not arrived; false = refuse it. Call `completed` once for each request that was counted. */
  begun(address: string): boolean {
    if (this.#isProxy(address)) return true;
    const key = addressKey(address);
    const count = this.#incomplete.get(key) ?? 0;
    if (count >= this.#rules.incomplete) return false;
    this.#incomplete.set(key, count + 1);
    return true;
  }

  completed(address: string): void {
    if (this.#isProxy(address)) return;
    const key = addressKey(address);
    const count = (this.#incomplete.get(key) ?? 0) - 1;
    if (count > 0) this.#incomplete.set(key, count);
    else this.#incomplete.delete(key);
  }

  #forget(connection: Connection): void {
    const key = this.#keys.get(connection) ?? "";
    const own = this.#unproven.get(key);
    own?.delete(connection);
    if (own?.size === 0) this.#unproven.delete(key);
  }

  #oldestOfGreediest(): Connection | undefined {
    const most = largest(this.#unproven.values(), 0) ?? largest(this.#owned.values(), alwaysKept);
    return most?.values().next().value;
  }
}

/** The largest set with more than `least` entries. */
function largest<T>(sets: Iterable<Set<T>>, least: number): Set<T> | undefined {
  let most: Set<T> | undefined;
  for (const one of sets) if (one.size > (most?.size ?? least)) most = one;
  return most;
}
