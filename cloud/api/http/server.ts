import type { IncomingMessage, RequestListener } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { Refusal } from "../../domain/cause.ts";
import type { Context } from "../../domain/context.ts";
import type { ServerIdentity } from "../../security/certificate.ts";
import { accessPointService } from "../accesspoint/service.ts";
import { clientService } from "../client/client-service.ts";
import { sessionService } from "../client/session-service.ts";
import { remoteAddress } from "./caller.ts";
import { guard } from "./interceptor.ts";

/** Bytes of one message, either way. */
export const maxMessageBytes = 256 * 1024;

export interface Listening {
  host: string;
  port: number;
  close(): Promise<void>;
}

type Handler = (
  request: IncomingMessage | Http2ServerRequest,
  response: Parameters<RequestListener>[1] | Http2ServerResponse,
) => void;

/** All of the published contracts behind one handler. `stop` ends the streams. */
export function publicHandler(
  context: Context,
  identity: ServerIdentity,
  dataDirectory: string,
  stop: AbortSignal,
): Handler {
  const rpc = connectNodeAdapter({
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
    fallback: (request, response) => notFound(request, response as never),
  });
  return (request, response) => {
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > maxMessageBytes) {
      // Answered before the body was read, so the connection cannot be used again.
      if (request.httpVersionMajor === 1) (response as Parameters<RequestListener>[1]).setHeader("connection", "close");
      answer(response, 413, "resource_exhausted", "answer_too_large", "The message is larger than 256 KiB.");
      return;
    }
    rpc(request as never, response as never);
  };
}

/** Path that load balancers and people ask. */
export function notFound(request: IncomingMessage | Http2ServerRequest, response: Http2ServerResponse): void {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/healthz") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end('{"ok":true}');
    return;
  }
  const call = /^\/sag\.[a-z]+\.v\d+\./.test(path ?? "");
  answer(
    response,
    404,
    "unimplemented",
    call ? "protocol_too_old" : "not_found",
    call ? "This server does not know that call." : "There is nothing at this address.",
  );
}

function answer(response: Parameters<Handler>[1], status: number, code: string, cause: string, message: string): void {
  const out = response as Http2ServerResponse;
  out.writeHead(status, { "content-type": "application/json" });
  out.end(JSON.stringify({ code, message, cause, action: "" }));
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
    // Bodies are small: a slow or endless request must not hold a connection for ever.
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
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
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

export function listenRefusal(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new Refusal("port_in_use", `Port ${port} on ${host} is taken by another process.`);
  if (error.code === "EACCES") return new Refusal("not_permitted", `This user may not listen on port ${port}.`);
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new Refusal("invalid_argument", `${host} is not an address of this machine.`, { field: "listen" });
  }
  return error;
}
