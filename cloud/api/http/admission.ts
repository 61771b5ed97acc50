import { BlockList, isIP, isIPv6 } from "node:net";
import { invalid } from "../../base/cause.ts";
import { parseIp } from "../../base/ip.ts";
import { say } from "../../base/say.ts";

/** How much of the server one address may take before it has shown a valid token. */
export interface AdmissionRules {
  /** Connections of all addresses together. Beyond it, connections without a valid token make room for new ones. */
  total: number;
  /** Connections of one address on which no valid token has been seen; beyond it the oldest of them ends. */
  perAddress: number;
  /** Connections on which the tokens of one account or access point were seen; beyond it the oldest of them ends. */
  perOwner: number;
  /** Requests of one address whose body has not arrived yet; beyond it new ones are refused. */
  incomplete: number;
}

/** A company behind one NAT address has hundreds of clients; each is without a valid token for a fraction of a second. */
export const defaultRules = { perAddress: 256, perOwner: 64, incomplete: 256 };

/** One owner's connections that never make room for others: an app, its tunnel, and as many again while they reconnect. */
const alwaysKept = 4;

/** Addresses of reverse proxies: many clients share them, so their connections are not counted as one client's. */
export type Proxies = (address: string) => boolean;

/** Reads addresses and prefixes; `field` is the option they were given with. */
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

/** What is counted as one address: all of IPv4, a /64 of IPv6 (one host can use any address of it). */
export function addressKey(address: string): string {
  const bare = plain(address);
  const value = isIPv6(bare) ? parseIp(bare)?.value : undefined;
  return value === undefined ? bare : (value >> 64n).toString(16);
}

/**
 * Decides which connections stay. First those without a valid token make room, of the address that has the most of them; then those
 * of the account that has the most.
 */
export class Admission<Connection> {
  readonly #rules: AdmissionRules;
  readonly #isProxy: Proxies;
  /** Without a valid token, by address, oldest first. */
  readonly #unproven = new Map<string, Set<Connection>>();
  readonly #keys = new Map<Connection, string>();
  /** Connections with a valid token, by the token's owner, oldest first. */
  readonly #owned = new Map<string, Set<Connection>>();
  readonly #owners = new Map<Connection, string>();
  /** Reverse proxies' connections: those of many clients in one. */
  readonly #shared = new Set<Connection>();
  readonly #incomplete = new Map<string, number>();

  constructor(rules: AdmissionRules, isProxy: Proxies) {
    this.#rules = rules;
    this.#isProxy = isProxy;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** A connection was accepted; returns those to end, perhaps itself. */
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

  /** A valid token of this account or access point was seen on it; returns those to end. */
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

  /** All connections of an account that may not connect any more. */
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

  /** A request whose body is still to come; false = refuse it. Call `completed` once for each that was let in. */
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

/** Of those with more than `least`. */
function largest<T>(sets: Iterable<Set<T>>, least: number): Set<T> | undefined {
  let most: Set<T> | undefined;
  for (const one of sets) if (one.size > (most?.size ?? least)) most = one;
  return most;
}
