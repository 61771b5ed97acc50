import type { Http2ServerRequest, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Log } from "../../base/log.ts";
import { type Message, say } from "../../base/say.ts";
import type { Admission } from "./admission.ts";
import { answerJson, errorBody, type HttpRequest, type HttpResponse } from "./answers.ts";

/** Deadlines for receiving a request, ms. */
export interface RequestTimes {
  /** TLS handshake, then the header of the first request. */
  headersMs: number;
  /** The body, from the end of the header. */
  bodyMs: number;
}

export const requestTimes: RequestTimes = { headersMs: 10_000, bodyMs: 15_000 };

interface Guards {
  log: Log;
  times: RequestTimes;
  admission: Pick<Admission<unknown>, "begun" | "completed">;
}

/**
 * Wraps the handler of a listener: an exception is logged and answered with 500, a body that does not arrive in time is refused
 * with 408, and the number of incomplete requests per address is limited.
 */
export function guardRequests(
  { log, times, admission }: Guards,
  handler: (request: HttpRequest, response: HttpResponse) => void,
): (request: HttpRequest, response: HttpResponse) => void {
  return (request, response) => {
    const address = request.socket?.remoteAddress ?? "";
    for (const part of [request, response, streamOf(request)]) part?.on("error", ignore);
    // RFC 9113, 8.1: after a complete answer, a server may close a stream whose request is incomplete.
    streamOf(request)?.once("finish", () => endStream(request));
    if (!isComplete(request)) {
      if (!admission.begun(address)) return refuse(request, response, 503, say("request_too_many"));
      const timer = setTimeout(() => {
        arrived();
        if (isComplete(request)) return;
        refuse(request, response, 408, say("request_late", { seconds: times.bodyMs / 1_000 }));
      }, times.bodyMs);
      timer.unref();
      let counted = true;
      const arrived = () => {
        clearTimeout(timer);
        if (counted) admission.completed(address);
        counted = false;
      };
      request.once("end", arrived);
      response.once("close", arrived);
    }
    try {
      handler(request, response);
    } catch (error) {
      log("error", "a request failed unexpectedly", {
        error: error instanceof Error ? error.stack : String(error),
      });
      refuse(request, response, 500, say("request_failed"));
    }
  };
}

const ignore = () => {};

function streamOf(request: HttpRequest): ServerHttp2Stream | undefined {
  return "stream" in request ? (request as Http2ServerRequest).stream : undefined;
}

/** Whether the whole request has been received, read or not. */
function isComplete(request: HttpRequest): boolean {
  const stream = streamOf(request);
  if (!stream) return request.complete;
  if (stream.destroyed || stream.endAfterHeaders) return true;
  const state = stream.state?.state;
  return state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE || state === constants.NGHTTP2_STREAM_STATE_CLOSED;
}

/** Sends an error if that is still possible, and stops receiving the request. */
function refuse(request: HttpRequest, response: HttpResponse, status: number, said: Message): void {
  try {
    if (response.headersSent || response.writableEnded) {
      if (streamOf(request)) endStream(request);
      else request.destroy();
      return;
    }
    const [code, cause] = status === 500 ? (["internal", "unknown"] as const) : refusals;
    if (request.httpVersionMajor === 1) {
      response.setHeader("connection", "close");
      response.once("finish", () => request.destroy());
    }
    answerJson(response, status, errorBody(code, cause, said));
  } catch {
    request.destroy();
  }
}

const refusals = ["resource_exhausted", "too_many_attempts"] as const;

function endStream(request: HttpRequest): void {
  const stream = streamOf(request);
  if (stream && !stream.destroyed && !isComplete(request)) stream.close(constants.NGHTTP2_NO_ERROR);
}
