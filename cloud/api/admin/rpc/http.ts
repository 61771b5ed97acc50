import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { say } from "../../../base/say.ts";
import type { ApiResponse } from "./protocol/dispatch.ts";
import { ApiFailure } from "./protocol/failure.ts";
import { maxBody } from "./protocol/wire.ts";
import { toXml } from "./protocol/xml.ts";
import type { AdminApi } from "./service.ts";

type Request = IncomingMessage | Http2ServerRequest;

/** Deadline for receiving the body, ms. */
const bodyTimeout = 10_000;

/** Requests of the admin API have the path "/"; everything else is in the query, headers and form. */
export function isAdminRequest(request: Request): boolean {
  const url = request.url ?? "";
  return url === "/" || url.startsWith("/?");
}

export function adminHandler(api: AdminApi): (request: Request, response: Http2ServerResponse) => void {
  return (request, response) => {
    void respond(api, request, response).catch(() => response.destroy?.());
  };
}

async function respond(api: AdminApi, request: Request, response: Http2ServerResponse): Promise<void> {
  const body = await readBody(request);
  const headers = headersOf(request);
  if (body === undefined) {
    const failure = new ApiFailure("InvalidParameter", say("api_body_too_large", { limit: maxBody }));
    return send(response, request, await api.refused(headers.get("host") ?? "", failure), true);
  }
  const raw = { method: request.method ?? "", url: request.url ?? "", headers, body };
  send(response, request, await api.signed(raw), false);
}

/** undefined if the body is too large. A body that does not arrive in time closes the request. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maxBody) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => request.destroy(), bodyTimeout);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBody) return undefined;
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** Header fields by lower-case name. HTTP/2 has :authority instead of Host. */
function headersOf(request: Request): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    out.set(name, Array.isArray(value) ? value.join(",") : value);
  }
  const authority = request.headers[":authority"];
  if (typeof authority === "string" && !out.has("host")) out.set("host", authority);
  return out;
}

function send(response: Http2ServerResponse, request: Request, answer: ApiResponse, close: boolean): void {
  if (response.headersSent || response.writableEnded) return;
  // On HTTP/1.1, an unread request body makes the connection unusable.
  if (close && request.httpVersionMajor === 1) response.setHeader("connection", "close");
  response.writeHead(answer.status, {
    "content-type": answer.format === "XML" ? "text/xml;charset=utf-8" : "application/json;charset=utf-8",
    "x-acs-request-id": answer.requestId,
    "cache-control": "no-store",
  });
  // The published API names the root element after the operation, or Error.
  const root = answer.code === "" ? `${answer.action}Response` : "Error";
  response.end(answer.format === "XML" ? toXml(root, answer.body) : JSON.stringify(answer.body));
}
