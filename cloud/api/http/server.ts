import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { Refusal } from "../../base/cause.ts";
import type { Context } from "../../domain/context.ts";
import type { ServerIdentity } from "../../security/certificate.ts";
import { accessPointService } from "../accesspoint/service.ts";
import { clientService } from "../client/client-service.ts";
import { sessionService } from "../client/session-service.ts";
import { answerJson, answerOther, errorBody, type HttpRequest, type HttpResponse } from "./answers.ts";
import { remoteAddress } from "./caller.ts";
import { guard } from "./interceptor.ts";
import { rpcHandler } from "./rpc.ts";

/** Bytes of one message, either way. */
export const maxMessageBytes = 256 * 1024;

/** ms between questions to a peer whether it is still there. */
const pingMs = 15_000;

export interface Listening {
  host: string;
  port: number;
  close(): Promise<void>;
}

export type Handler = (request: HttpRequest, response: HttpResponse) => void;

/** What is answered besides the contracts: administrators' requests, health. False = not for it. */
export type Besides = (request: HttpRequest, response: HttpResponse) => boolean;

/** All of the published contracts behind one handler. `stop` ends the streams. */
export function publicHandler(
  context: Context,
  identity: ServerIdentity,
  dataDirectory: string,
  stop: AbortSignal,
  besides: Besides,
): Handler {
  const rpc = rpcHandler({
    log: context.log,
    routes(router) {
      router.service(ClientService, clientService(context, identity.pins));
      router.service(SessionService, sessionService(context));
      router.service(AccessPointService, accessPointService(context));
    },
    interceptors: [guard(context.log, dataDirectory)],
    contextValues: (request) => createContextValues().set(remoteAddress, request.socket.remoteAddress ?? "unknown"),
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    shutdownSignal: stop,
    grpc: false,
    grpcWeb: false,
    otherwise: answerOther,
  });
  return (request, response) => {
    if (besides(request, response)) return;
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > maxMessageBytes) {
      // Answered before the body was read, so the connection cannot be used again.
      if (request.httpVersionMajor === 1) response.setHeader("connection", "close");
      const message = "The message is larger than 256 KiB.";
      answerJson(response, 413, errorBody("resource_exhausted", "answer_too_large", message));
      return;
    }
    rpc(request, response);
  };
}

/** HTTPS with HTTP/2 and HTTP/1.1 on one port. */
export async function listenSecure(
  host: string,
  port: number,
  identity: ServerIdentity,
  handler: Handler,
): Promise<Listening> {
  const server = createSecureServer({
    allowHTTP1: true,
    cert: identity.certificate,
    key: identity.key,
    minVersion: "TLSv1.2",
    // Who does not finish what he begins must not hold a connection for ever.
    handshakeTimeout: 10_000,
    settings: { maxConcurrentStreams: 256 },
  });
  server.on("request", handler as never);
  return listen(server, host, port);
}

async function listen(server: Http2SecureServer, host: string, port: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, pingMs);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    keepAlive(session);
    // Streams of ours have a heartbeat every 20 s.
    session.setTimeout(120_000, () => session.close());
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenRefusal(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.close();
        // Streams have ended by now; whoever keeps a connection open after this has had his time.
        setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, 300).unref();
      }),
  };
}

/**
 * Notices a peer that vanished without a word (power, network) while it has streams open: an access point would else count as
 * connected until the system gives up on its connection.
 */
function keepAlive(session: ServerHttp2Session): void {
  let streams = 0;
  let answered = true;
  session.on("stream", (stream) => {
    streams++;
    stream.on("close", () => streams--);
  });
  const timer = setInterval(() => {
    if (streams === 0 || session.destroyed) return;
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
  if (error.code === "EADDRINUSE")
    return new Refusal("port_in_use", `Port ${port} on ${host} is taken by another process.`);
  if (error.code === "EACCES") return new Refusal("not_permitted", `This user may not listen on port ${port}.`);
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new Refusal("invalid_argument", `${host} is not an address of this machine.`, { field: "listen" });
  }
  return error;
}
