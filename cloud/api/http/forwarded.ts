import { isIP } from "node:net";
import type { Log } from "../../base/log.ts";
import type { Proxies } from "./admission.ts";
import type { HttpRequest } from "./answers.ts";

/** Upper bound on the proxies in a chain; entries beyond it can only come from the client. */
const mostHops = 16;

/** Called for an entry that is not an address; `peer` is the proxy that sent it. */
export type Unreadable = (entry: string, peer: string) => void;

/** Azure Application Gateway and IIS write 198.51.100.7:4001, others write [2001:db8::1]:4001 (RFC 7239, section 6). */
const withoutPort = (entry: string) =>
  entry.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, "$1");

/** Logs only the first unreadable entry of each proxy, because every request through it has the same problem. */
export function unreadableOnce(log: Log): Unreadable {
  const seen = new Set<string>();
  return (entry, peer) => {
    if (seen.has(peer) || seen.size >= 64) return;
    seen.add(peer);
    log("warn", "an entry of X-Forwarded-For is not an address; all clients behind this proxy count as one", {
      proxy: peer,
      entry: entry.slice(0, 64),
    });
  };
}

/**
 * The client's address. If the peer is a trusted proxy, this is the last address in X-Forwarded-For that is not a trusted proxy;
 * entries before it come from the client and can be forged.
 */
export function clientAddress(request: HttpRequest, isProxy: Proxies, unreadable?: Unreadable): string {
  const peer = request.socket?.remoteAddress ?? "unknown";
  if (!isProxy(peer)) return peer;
  const header = request.headers["x-forwarded-for"];
  const hops = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",").slice(-mostHops);
  let last = peer;
  for (const hop of hops.reverse()) {
    const address = withoutPort(hop.trim());
    if (isIP(address) === 0) {
      unreadable?.(hop.trim(), peer);
      return last;
    }
    last = address;
    if (!isProxy(address)) return last;
  }
  return last;
}
