import { createContextValues } from "@connectrpc/connect";
import { AccessPointService } from "#proto/accesspoint/v1/accesspoint_pb.js";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { say } from "../../base/say.ts";
import type { Context } from "../../domain/context.ts";
import type { CurrentIdentity } from "../../security/current.ts";
import { accessPointService } from "../accesspoint/service.ts";
import { clientService } from "../client/client-service.ts";
import { sessionService } from "../client/session-service.ts";
import { answerJson, answerOther, errorBody, type HttpRequest, type HttpResponse } from "./answers.ts";
import { proveConnection, remoteAddress } from "./caller.ts";
import { guard } from "./interceptor.ts";
import type { Handler } from "./listen.ts";
import { rpcHandler } from "./rpc.ts";

/** Maximum size of one message in either direction, bytes. */
export const maxMessageBytes = 256 * 1024;

/** Handles admin requests, health checks and metrics. Returns false if the request is none of these. */
export type Besides = (request: HttpRequest, response: HttpResponse) => boolean;

/** Handles all API contracts. `stop` ends the streams. */
export function publicHandler(
  context: Context,
  current: CurrentIdentity,
  dataDirectory: string,
  stop: AbortSignal,
  besides: Besides,
  clientAddress: (request: HttpRequest) => string,
): Handler {
  const pins = () => current.identity.pins;
  const rpc = rpcHandler({
    log: context.log,
    routes(router) {
      router.service(ClientService, clientService(context, pins));
      router.service(SessionService, sessionService(context, pins));
      router.service(AccessPointService, accessPointService(context));
    },
    interceptors: [guard(context.log, dataDirectory)],
    contextValues: (request, proven) =>
      createContextValues().set(remoteAddress, clientAddress(request)).set(proveConnection, proven),
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    shutdownSignal: stop,
    grpc: false,
    grpcWeb: false,
    otherwise: answerOther,
  });
  return (request, response, proven) => {
    if (besides(request, response)) return;
    const declared = Number(request.headers["content-length"] ?? 0);
    if (declared > maxMessageBytes) {
      // The body was not read, so the connection cannot be reused.
      if (request.httpVersionMajor === 1) response.setHeader("connection", "close");
      const message = say("request_too_large");
      answerJson(response, 413, errorBody("resource_exhausted", "answer_too_large", message));
      return;
    }
    rpc(request, response, proven);
  };
}
