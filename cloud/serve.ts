import { X509Certificate } from "node:crypto";
import { networkInterfaces } from "node:os";
import type { ServerView } from "./admin/command.ts";
import { serveLocally } from "./api/admin/local/server.ts";
import { adminHandler, isAdminRequest } from "./api/admin/rpc/http.ts";
import type { RateRules } from "./api/admin/rpc/protocol/rate.ts";
import { adminApi } from "./api/admin/rpc/service.ts";
import { proxiesFrom } from "./api/http/admission.ts";
import { answerOther } from "./api/http/answers.ts";
import { clientAddress, unreadableOnce } from "./api/http/forwarded.ts";
import { type Handler, type Listening, type ListenOptions, listenSecure } from "./api/http/listen.ts";
import { answerOutside, metrics } from "./api/http/outside.ts";
import { readiness } from "./api/http/readiness.ts";
import { type RequestTimes, requestTimes } from "./api/http/requests.ts";
import { type Besides, publicHandler } from "./api/http/server.ts";
import { Refusal } from "./base/cause.ts";
import { type Clock, systemClock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import { say } from "./base/say.ts";
import { startDomain } from "./domain/start.ts";
import { outbox } from "./mail/outbox.ts";
import { hostOf, publicUrl } from "./public-url.ts";
import { loadIdentity, type ServerIdentity, selfMadeIdentity } from "./security/certificate.ts";
import { CurrentIdentity } from "./security/current.ts";
import { vouching } from "./security/vouched.ts";
import { checkCompleteness, checkIntegrity, markClosed, markOpen } from "./store/completeness.ts";
import type { Store } from "./store/db.ts";
import { storageRefusal } from "./store/failures.ts";
import { lockDirectory } from "./store/lock.ts";
import { migrate, openStore } from "./store/open.ts";
import { sharedInMemory } from "./store/shared/memory.ts";
import { closeStore } from "./store/transaction.ts";

export interface ServeOptions {
  data: string;
  /** HOST:PORT; port 0 = any free one. */
  listen: string;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  /** The key of the next certificate, announced to clients before it is used. */
  tlsNextKey?: string | undefined;
  /** The URL that clients use, if it differs from the listen address. */
  publicUrl?: string | undefined;
  /** HOST:PORT of a separate listener for the admin API and metrics. Without it, the main listener serves the admin API. */
  adminListen?: string | undefined;
  /** Rate limits of an access key; default: `rateRules`. */
  adminRate?: RateRules;
  /** Addresses and prefixes of reverse proxies whose X-Forwarded-For header is trusted. */
  trustedProxy?: string[] | undefined;
  /** Start although part of the database is missing. */
  acceptIncomplete?: boolean | undefined;
  /** Deadlines for receiving a request; default: `requestTimes`. */
  times?: RequestTimes;
  log: Log;
  /** Replaces the system clock, in tests. */
  clock?: Clock;
}

/** A running server. */
export interface Running {
  url: string;
  /** SPKI pins of the key in use, then of the next or spare key. */
  pins: string[];
  adminUrl: string | undefined;
  /** The public URL, if configured. */
  publicUrl: string | undefined;
  /** Problems that an administrator should fix; empty = none. */
  warnings: string[];
  /** Reads the certificate files again. */
  reload(): void;
  /** Ends streams, finishes running requests, closes the store and unlocks the data directory. */
  stop(): Promise<void>;
}

/** HOST:PORT or [HOST]:PORT. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new Refusal("invalid_argument", say("listen_not_host_port", { text }), { field: "listen" });
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/** An address at which others can reach a server that listens on all interfaces. */
function reachable(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.find((a) => !a.internal && a.family === "IPv4")?.address ?? "127.0.0.1";
}

function urlOf(listening: Listening): string {
  const host = reachable(listening.host);
  return `https://${host.includes(":") ? `[${host}]` : host}:${listening.port}`;
}

export async function serve(options: ServeOptions): Promise<Running> {
  const { data, log } = options;
  const address = parseListen(options.listen);
  const adminAddress = options.adminListen === undefined ? undefined : parseListen(options.adminListen);
  const isProxy = proxiesFrom(options.trustedProxy ?? []);
  const listenOptions: ListenOptions = { log, isProxy, times: options.times ?? requestTimes };
  const unlock = lockDirectory(data);
  const undo: (() => Promise<void> | void)[] = [unlock];
  try {
    checkCompleteness(data, options.acceptIncomplete);
    const store = openStore(data);
    undo.unshift(() => closeStore(store));
    await checkIntegrity(store, data);
    await migrate(store, data);
    await markOpen(store);
    undo.splice(0, 1, () => closeInOrder(store, log));
    const publicName = await publicUrl(store, options.publicUrl);
    const names = [...(publicName === undefined ? [] : [hostOf(publicName)]), address.host];
    const current = new CurrentIdentity(() => identityFor(options, names), log);
    undo.unshift(() => current.stop());
    current.watch([options.tlsCert, options.tlsKey, options.tlsNextKey].filter((file) => file !== undefined));
    const clock = options.clock ?? systemClock;
    const mailer = outbox(data, clock, log);
    undo.unshift(() => mailer.close());
    const context = await startDomain(store, clock, log, mailer, sharedInMemory(clock));
    undo.unshift(() => context.sweeper.stop());
    undo.unshift(() => context.limits.stop());
    const stopping = new AbortController();
    const certificateEnd = () => Date.parse(new X509Certificate(current.identity.certificate).validTo);
    const notReady = readiness({ context, stopping: stopping.signal, certificateEnd, data });
    const server: ServerView = { url: "", pins: [], vouchedFor: () => false, notReady };
    const admin = adminApi({ context, server, data }, options.adminRate);
    const alone = adminAddress !== undefined;
    const besides = (withAdmin: boolean, withMetrics: boolean): Besides => {
      const administrators = adminHandler(admin);
      const adminRequests = admin.counts;
      const outside = { context, readiness: notReady, adminRequests, certificateEnd, withMetrics };
      return (request, response) => {
        if (withAdmin && isAdminRequest(request)) administrators(request, response as never);
        else return answerOutside(outside, request, response as never);
        return true;
      };
    };
    const unreadable = unreadableOnce(log);
    const handler = publicHandler(context, current, data, stopping.signal, besides(!alone, false), (request) =>
      clientAddress(request, isProxy, unreadable),
    );
    const listening = await listenSecure(address.host, address.port, current, handler, {
      ...listenOptions,
      onEnd: (listener) => context.events.onEndConnections(listener),
    });
    undo.unshift(() => listening.close());
    const url = urlOf(listening);
    const warnings: string[] = [];
    const describe = async () => {
      const chain = options.tlsCert === undefined ? undefined : current.identity.certificate;
      const found = await vouching(listening.port, reachable(listening.host), chain);
      Object.assign(server, { url: publicName ?? url, pins: current.pins, vouchedFor: found.for });
      warnings.splice(0, 1, ...(found.warning === undefined ? [] : [found.warning]));
      if (found.warning !== undefined) log("warn", found.warning);
    };
    await describe();
    current.onChange(() => void describe());
    let adminUrl: string | undefined;
    if (adminAddress) {
      const answer = besides(true, true);
      const others: Handler = (request, response) => {
        if (!answer(request, response)) answerOther(request, response);
      };
      const server = await listenSecure(adminAddress.host, adminAddress.port, current, others, listenOptions);
      undo.unshift(() => server.close());
      adminUrl = urlOf(server);
    }
    const numbers = () => metrics({ context, adminRequests: admin.counts, certificateEnd });
    const local = await serveLocally(data, { context, data, server, admin }, numbers);
    undo.unshift(() => local.close());
    undo.unshift(() => stopping.abort(new Error("the server is stopping")));
    const { pins } = current;
    return {
      url,
      publicUrl: publicName,
      pins,
      warnings,
      adminUrl,
      reload: () => current.reload(),
      stop: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw storageRefusal(error, data) ?? error;
  }
}

/**
 * If the clean shutdown cannot be recorded, leave the WAL in place as after a crash: the next start would otherwise report it as
 * lost.
 */
async function closeInOrder(store: Store, log: Log): Promise<void> {
  try {
    await markClosed(store);
  } catch (error) {
    log("warn", "could not record the clean shutdown of the store", { error: String(error) });
    return;
  }
  await closeStore(store);
}

async function unwind(undo: (() => Promise<void> | void)[]): Promise<void> {
  for (const step of undo.splice(0)) await step();
}

function identityFor(options: ServeOptions, names: readonly string[]): ServerIdentity {
  const { tlsCert, tlsKey, tlsNextKey, data } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Refusal("invalid_argument", say("tls_files_together"), { field: "tls-cert" });
  }
  if (tlsCert === undefined || tlsKey === undefined) {
    if (tlsNextKey === undefined) return selfMadeIdentity(data, names, Date.now());
    throw new Refusal("invalid_argument", say("tls_next_key_alone"), { field: "tls-next-key" });
  }
  try {
    return loadIdentity(tlsCert, tlsKey, tlsNextKey);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal("invalid_argument", say("tls_certificate_unusable", { reason: why }), { field: "tls-cert" });
  }
}
