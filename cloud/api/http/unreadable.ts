import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Message, say } from "../../base/say.ts";

/** An HTTP/1.1 answer that closes the connection. The body has the form of the admin API's failures, since its SDKs show nothing else. */
function answerTo(status: string, code: string, said: Message): string {
  const failure = { RequestId: randomUUID().toUpperCase(), HostId: "", Code: code, Message: said.text, Recommend: "" };
  const body = JSON.stringify(failure);
  const headers = [
    `HTTP/1.1 ${status}`,
    "content-type: application/json;charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  return `${headers.join("\r\n")}\r\n\r\n${body}`;
}

/** Whether a TLS handshake failed because the client sent plain HTTP. */
export function isPlainHttp(error: NodeJS.ErrnoException): boolean {
  return error.code === "ERR_SSL_HTTP_REQUEST" || error.code === "ERR_SSL_HTTPS_PROXY_REQUEST";
}

/** Answers plain HTTP on the TLS port, without reading more of it, and closes the connection. `socket` is the one below TLS. */
export function refusePlainHttp(socket: Socket): void {
  if (socket.writable) socket.write(answerTo("400 Bad Request", "InvalidProtocol.NeedSsl", say("request_without_tls")));
  socket.destroySoon();
}

/** Answers HTTP/1.1 that Node.js could not parse, and closes the connection. The statuses are those of Node.js. */
export function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  // Never writes into another answer that has begun.
  const begun = (socket as { _httpMessage?: ServerResponse })._httpMessage?.headersSent === true;
  if (socket.writable && !begun) socket.write(unparsed(error.code));
  socket.destroySoon();
}

function unparsed(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") {
    return answerTo("431 Request Header Fields Too Large", "InvalidParameter", say("request_head_too_large"));
  }
  const late = code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = late ? "408 Request Timeout" : "400 Bad Request";
  return answerTo(status, "InvalidParameter", say(late ? "request_head_late" : "request_not_http"));
}
