import { networkInterfaces } from "node:os";
import { runCommand, serveLocally } from "./api/admin/local-server.ts";
import { adminHandler, isAdminRequest } from "./api/admin/rpc/http.ts";
import type { RateRules } from "./api/admin/rpc/protocol/rate.ts";
import { adminApi } from "./api/admin/rpc/service.ts";
import { answerOther } from "./api/http/answers.ts";
import { answerOutside } from "./api/http/outside.ts";
import { type Besides, type Listening, listenSecure, publicHandler } from "./api/http/server.ts";
import { Refusal } from "./base/cause.ts";
import { type Clock, systemClock } from "./base/clock.ts";
import type { Log } from "./domain/context.ts";
import { startDomain } from "./domain/start.ts";
import { outbox } from "./mail/outbox.ts";
import { formatPin, loadIdentity, type ServerIdentity, selfMadeIdentity } from "./security/certificate.ts";
import { storageRefusal } from "./store/failures.ts";
import { lockDirectory } from "./store/lock.ts";
import { migrate, openStore } from "./store/open.ts";

export interface ServeOptions {
  data: string;
  /** HOST:PORT; port 0 = any free one. */
  listen: string;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  /** Where administrators' requests are answered instead. */
  adminListen?: string | undefined;
  /** How often an access key may ask; default: `rateRules`. */
  adminRate?: RateRules;
  log: Log;
  /** Another clock than the system's. */
  clock?: Clock;
}

/** A running server. */
export interface Running {
  url: string;
  /** Of the key in use, then of the spare one. */
  pins: string[];
  adminUrl: string | undefined;
  /** Ends streams, answers what is under way, closes the store and gives the directory back. */
  stop(): Promise<void>;
}

/** HOST:PORT or [HOST]:PORT. */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new Refusal("invalid_argument", `${text} is not HOST:PORT.`, { field: "listen" });
  }
  return { host: match[1] ?? match[2] ?? "", port };
}

/** The address under which others reach a server that listens everywhere. */
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
  const unlock = lockDirectory(data);
  const undo: (() => Promise<void> | void)[] = [unlock];
  try {
    const identity = identityFor(options, address.host);
    const store = openStore(data);
    undo.unshift(() => store.destroy());
    await migrate(store, data);
    const clock = options.clock ?? systemClock;
    const mailer = outbox(data, clock, log);
    undo.unshift(() => mailer.close());
    const context = await startDomain(store, clock, log, mailer);
    undo.unshift(() => context.sweeper.stop());
    const stopping = new AbortController();
    const pins = identity.pins.map(formatPin);
    let url = "";
    const admin = adminApi(
      context,
      data,
      (api, actor, name, parameters) =>
        runCommand({ context, actor, server: { url, pins }, admin: api }, name, parameters),
      options.adminRate,
    );
    const alone = adminAddress !== undefined;
    const besides = (withAdmin: boolean, metricsFromHereOnly: boolean): Besides => {
      const administrators = adminHandler(admin);
      const outside = { context, stopping: stopping.signal, adminRequests: admin.counts, metricsFromHereOnly };
      return (request, response) => {
        if (withAdmin && isAdminRequest(request)) administrators(request, response as never);
        else return answerOutside(outside, request, response as never);
        return true;
      };
    };
    const handler = publicHandler(context, identity, data, stopping.signal, besides(!alone, true));
    const listening = await listenSecure(address.host, address.port, identity, handler);
    undo.unshift(() => listening.close());
    url = urlOf(listening);
    let adminUrl: string | undefined;
    if (adminAddress) {
      const answer = besides(true, false);
      const server = await listenSecure(adminAddress.host, adminAddress.port, identity, (request, response) => {
        if (!answer(request, response)) answerOther(request, response);
      });
      undo.unshift(() => server.close());
      adminUrl = urlOf(server);
    }
    const local = await serveLocally(data, { context, server: { url, pins }, admin });
    undo.unshift(() => local.close());
    undo.unshift(() => stopping.abort(new Error("the server is stopping")));
    return { url, pins, adminUrl, stop: () => unwind(undo) };
  } catch (error) {
    await unwind(undo);
    throw storageRefusal(error, data) ?? error;
  }
}

async function unwind(undo: (() => Promise<void> | void)[]): Promise<void> {
  for (const step of undo.splice(0)) await step();
}

function identityFor(options: ServeOptions, host: string): ServerIdentity {
  const { tlsCert, tlsKey, data } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Refusal("invalid_argument", "--tls-cert and --tls-key go together.", { field: "tls-cert" });
  }
  if (tlsCert === undefined || tlsKey === undefined) return selfMadeIdentity(data, host, Date.now());
  try {
    return loadIdentity(tlsCert, tlsKey);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal("invalid_argument", `The certificate cannot be used: ${why}.`, { field: "tls-cert" });
  }
}
