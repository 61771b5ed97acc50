import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { say } from "../../../base/say.ts";
import type { ApiResponse } from "./protocol/dispatch.ts";
import { ApiFailure } from "./protocol/failure.ts";
import { maxBody } from "./protocol/wire.ts";
import { toXml } from "./protocol/xml.ts";
import type { AdminApi } from "./service.ts";

type Request = IncomingMessage | Http2ServerRequest;

/** ms in which a body has to be there. */
const bodyTimeout = 10_000;

/** Requests of the admin API have no path; everything is in query, headers and form. */
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

/** undefined = too large, or not there in time. */
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

/** HTTP/2 says :authority where HTTP/1.1 says Host. */
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
  // What was not read of the request cannot be skipped on HTTP/1.1.
  if (close && request.httpVersionMajor === 1) response.setHeader("connection", "close");
  response.writeHead(answer.status, {
    "content-type": answer.format === "XML" ? "text/xml;charset=utf-8" : "application/json;charset=utf-8",
    "x-acs-request-id": answer.requestId,
    "cache-control": "no-store",
  });
  // As the product names it: the root is the operation's own, or Error.
  const root = answer.code === "" ? `${answer.action}Response` : "Error";
  response.end(answer.format === "XML" ? toXml(root, answer.body) : JSON.stringify(answer.body));
}
