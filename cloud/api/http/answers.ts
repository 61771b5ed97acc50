import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { FailureSchema } from "#proto/types/v1/cause_pb.js";
import { type CauseCode, Refusal } from "../../base/cause.ts";
import { type Message, say } from "../../base/say.ts";
import { failureOf } from "./errors.ts";

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** An error of the Connect protocol with our cause as its detail. `code` is the protocol's error code. */
export function errorBody(code: string, cause: CauseCode, said: Message): Buffer {
  const failure = create(FailureSchema, failureOf(new Refusal(cause, said)));
  const value = Buffer.from(toBinary(FailureSchema, failure)).toString("base64").replace(/=+$/, "");
  const details = [{ type: FailureSchema.typeName, value, debug: { cause: `CAUSE_${cause.toUpperCase()}` } }];
  return Buffer.from(JSON.stringify({ code, message: said.text, details }));
}

export function answerJson(response: HttpResponse, status: number, body: Buffer): void {
  const headers = { "content-type": "application/json", "content-length": body.length };
  // Both response types have these methods, but their overloads are incompatible.
  (response as ServerResponse).writeHead(status, headers);
  (response as ServerResponse).end(body);
}

/** Answers 404 to paths that are neither an API call nor another known path. */
export function answerOther(request: HttpRequest, response: HttpResponse): void {
  const path = request.url?.split("?", 1)[0] ?? "";
  if (/^\/sag\.[a-z]+\.v\d+\./.test(path)) {
    answerJson(response, 404, errorBody("unimplemented", "protocol_too_old", say("request_unknown_call")));
  } else {
    answerJson(response, 404, errorBody("not_found", "not_found", say("request_nothing_here")));
  }
}
