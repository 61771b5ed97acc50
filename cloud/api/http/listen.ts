import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { invalid, Refusal } from "../../base/cause.ts";
import type { Log } from "../../base/log.ts";
import { say } from "../../base/say.ts";
import type { CurrentIdentity } from "../../security/current.ts";
import { Admission, defaultRules, type Proxies } from "./admission.ts";
import type { HttpRequest, HttpResponse } from "./answers.ts";
import type { Prove } from "./caller.ts";
import { guardRequests, type RequestTimes } from "./requests.ts";
import { isPlainHttp, refusePlainHttp, refuseUnparsed } from "./unreadable.ts";

/** Interval of HTTP/2 pings and TCP keepalive, ms. */
const pingMs = 15_000;
/** An HTTP/2 session without streams is closed after this many ping intervals. */
const idlePings = 8;
/** ms between ending an account's sessions and closing its connections, so that its clients can read the reason. */
const endMs = 2_000;
/** How long an idle HTTP/1.1 connection is kept open, ms. Longer than nginx's default of 60 s, so that nginx closes first. */
const keepAliveMs = 65_000;

export interface Listening {
  host: string;
  port: number;
  close(): Promise<void>;
}

export type Handler = (request: HttpRequest, response: HttpResponse, proven: Prove) => void;

export interface ListenOptions {
  log: Log;
  isProxy: Proxies;
  times: RequestTimes;
  /**
   * Registers a listener for the ids of accounts whose connections an administrator ended; returns the function that removes it.
   */
  onEnd?: (listener: (owner: string) => void) => () => void;
}

/** HTTPS with HTTP/2 and HTTP/1.1 on one port. */
export async function listenSecure(
  host: string,
  port: number,
  current: CurrentIdentity,
  handler: Handler,
  options: ListenOptions,
): Promise<Listening> {
  const { times, log } = options;
  const { identity } = current;
  const server = createSecureServer({
    allowHTTP1: true,
    cert: identity.certificate,
    key: identity.key,
    minVersion: "TLSv1.2",
    handshakeTimeout: times.headersMs,
    settings: { maxConcurrentStreams: 256 },
  });
  // For HTTP/1.1 connections this server honours the properties of node:http's Server, which its type does not declare.
  Object.assign(server as unknown as HttpServer, {
    headersTimeout: times.headersMs,
    requestTimeout: times.headersMs + times.bodyMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: keepAliveMs,
  });
  const connections = watchConnections(server, options);
  const proven = (request: HttpRequest) => (owner: string) => connections.proven(request, owner);
  const guarded = guardRequests({ ...options, admission: connections.admission }, (request, response) =>
    handler(request, response, proven(request)),
  );
  server.on("request", guarded as never);
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => reject(listenRefusal(error, host, port));
    server.once("error", refused);
    server.listen(port, host, () => {
      server.off("error", refused);
      resolve();
    });
  });
  // Applies to new connections; existing ones keep the former certificate.
  current.onChange(({ certificate, key }) =>
    server.setSecureContext({ cert: certificate, key, minVersion: "TLSv1.2" }),
  );
  // An error in accepting one connection must not close the others.
  server.on("error", (error) => log("error", "the listener failed", { error: String(error) }));
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.close();
      }),
  };
}

/** Limit on connections: the process's limit of open files, less what the store, the log and other sockets need. */
function mostConnections(): number {
  try {
    const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    const files = limit === "unlimited" ? 1_048_576 : Number(limit);
    return Math.max(64, Math.floor(files * 0.9) - 64);
  } catch {
    return 4_096;
  }
}

function watchConnections(server: Http2SecureServer, { isProxy, times, onEnd }: ListenOptions) {
  const admission = new Admission<Socket>({ ...defaultRules, total: mostConnections() }, isProxy);
  const byPeer = new Map<string, Socket>();
  const sessions = new Map<ServerHttp2Session, string>();
  const peer = (of: { remoteAddress?: string | undefined; remotePort?: number | undefined }) =>
    `${of.remoteAddress} ${of.remotePort}`;
  server.on("connection", (socket: Socket) => {
    const name = peer(socket);
    byPeer.set(name, socket);
    socket.on("error", ignore);
    socket.on("close", () => {
      admission.remove(socket);
      if (byPeer.get(name) === socket) byPeer.delete(name);
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, pingMs);
    for (const ended of admission.add(socket, socket.remoteAddress ?? "")) ended.destroy();
  });
  server.on("secureConnection", (socket: Socket) => socket.on("error", ignore));
  server.on("tlsClientError", (error, socket) => {
    const below = isPlainHttp(error) ? byPeer.get(peer(socket)) : undefined;
    if (below) refusePlainHttp(below);
    else socket.destroy();
  });
  // Emitted for HTTP/1.1 connections, which its type does not declare.
  (server as unknown as HttpServer).on("clientError", (error, socket) => refuseUnparsed(error, socket as Socket));
  server.on("sessionError", ignore);
  server.on("session", (session) => {
    sessions.set(session, peer(session.socket));
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    noticeLoss(session);
    // Close a connection that negotiated HTTP/2 but never sends its SETTINGS frame.
    const begin = setTimeout(() => session.destroy(), times.headersMs).unref();
    session.once("remoteSettings", () => clearTimeout(begin));
    session.once("close", () => clearTimeout(begin));
  });
  const stopListening = onEnd?.((owner) => {
    // Only the current connections: an account that was kicked may sign in and dial again on new ones.
    const own = new Set(admission.of(owner));
    for (const [session, name] of sessions) {
      const socket = byPeer.get(name);
      if (socket && own.has(socket)) session.close();
    }
    setTimeout(() => {
      for (const socket of own) socket.destroy();
    }, endMs).unref();
  });
  return {
    admission,
    proven(request: HttpRequest, owner: string) {
      const socket = byPeer.get(peer(request.socket));
      if (socket) for (const ended of admission.proven(socket, owner)) ended.destroy();
    },
    close() {
      stopListening?.();
      for (const session of sessions.keys()) session.close();
      // Streams have ended by now; close connections whose peers keep them open.
      setTimeout(() => {
        for (const socket of byPeer.values()) socket.destroy();
      }, 300).unref();
    },
  };
}

const ignore = () => {};

/**
 * Detects a peer that vanished without closing the connection (power or network loss) while it has open streams; otherwise an
 * access point would count as connected until TCP times out. Also closes idle sessions. The session's own setTimeout is not used
 * because its timer keeps a destroyed session in memory until it fires.
 */
function noticeLoss(session: ServerHttp2Session): void {
  let streams = 0;
  let answered = true;
  session.on("stream", (stream) => {
    streams++;
    stream.on("error", ignore);
    stream.on("close", () => streams--);
  });
  let idle = 0;
  const timer = setInterval(() => {
    if (session.destroyed) return;
    idle = streams === 0 ? idle + 1 : 0;
    if (idle >= idlePings) return session.close();
    if (streams === 0) return;
    if (!answered) return session.destroy();
    answered = false;
    session.ping(() => {
      answered = true;
    });
  }, pingMs);
  timer.unref();
  session.on("close", () => clearInterval(timer));
}

export function listenRefusal(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const shown = host.includes(":") ? `[${host}]` : host; // RFC 3986, 3.2.2
  if (error.code === "EADDRINUSE") return new Refusal("port_in_use", say("listen_port_taken", { port, host }));
  if (error.code === "EACCES") return new Refusal("not_permitted", say("listen_not_permitted", { port }));
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    const any = host.includes(":") ? "[::]" : "0.0.0.0";
    if (host === "::1") {
      return invalid("listen", say("listen_no_ipv6"));
    }
    return invalid("listen", say("listen_not_here", { host, any: `${any}:${port}`, url: `https://${shown}:${port}` }));
  }
  return error;
}
