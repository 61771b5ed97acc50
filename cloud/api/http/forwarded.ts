import { isIP } from "node:net";
import type { Log } from "../../base/log.ts";
import type { Proxies } from "./admission.ts";
import type { HttpRequest } from "./answers.ts";

/** More than any chain of proxies has; the rest was written by the client. */
const mostHops = 16;

/** Told of an entry that is no address; `peer` is the proxy that sent it. */
export type Unreadable = (entry: string, peer: string) => void;

/** Azure Application Gateway and IIS write 198.51.100.7:4001, others [2001:db8::1]:4001 (RFC 7239, section 6). */
const withoutPort = (entry: string) =>
  entry.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, "$1");

/** Logs the first unreadable entry of each proxy: the next thousands would say the same. */
export function unreadableOnce(log: Log): Unreadable {
  const seen = new Set<string>();
  return (entry, peer) => {
    if (seen.has(peer) || seen.size >= 64) return;
    seen.add(peer);
    log("warn", "an entry of X-Forwarded-For is no address, so clients behind this proxy count as one", {
      proxy: peer,
      entry: entry.slice(0, 64),
    });
  };
}

/**
 * Whom a request comes from. The peer's address, unless that is a trusted proxy: then the last address in X-Forwarded-For that is none.
 * What stands before it was sent by the client, who can write anything.
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
