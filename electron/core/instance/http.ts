import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Failure } from "../causes/failure.ts";
import { failureFromErrorBody } from "../causes/wire.ts";

// An import statement would read every export of node:http and so load Node's fetch, which takes 70 ms.
const { Agent, request } = process.getBuiltinModule("node:http");
type Agent = InstanceType<typeof Agent>;

/** Limit of a message in either direction, bytes; reading stops there. */
export const messageLimit = 256 * 1024;

/** One call of Connect's unary protocol. */
export interface UnaryCall {
  path: string;
  contentType: "application/json" | "application/proto";
  body: Uint8Array | string;
  headers?: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** The name of the server in failures. */
  subject: string;
  /** The failure for a server that does not answer. */
  silence: () => Failure;
  /** The server's identity has been verified, so a malformed answer comes from it and not from a captive portal. */
  proven: boolean;
}

export type Route = { agent: Agent } | { socketPath: string };

/** Sends a call and returns the body of a successful answer; anything else is a Failure. */
export function unary(route: Route, call: UnaryCall): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request({
      ...route,
      host: "localhost",
      method: "POST",
      path: call.path,
      headers: {
        "content-type": call.contentType,
        "connect-protocol-version": "1",
        "connect-timeout-ms": String(call.timeoutMs),
        "content-length": Buffer.byteLength(call.body),
        ...call.headers,
      },
    });
    const timer = setTimeout(() => finish(() => reject(call.silence())), call.timeoutMs);
    const onAbort = (): void => finish(() => reject(call.signal?.reason));
    let done = false;
    let answered: IncomingMessage | undefined;
    const finish = (settle: () => void): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", onAbort);
      settle();
      if (!answered?.complete) sent.destroy();
    };
    sent.on("error", (error) => finish(() => reject(error instanceof Failure ? error : call.silence())));
    sent.on("response", (response) => {
      answered = response;
      readAnswer(response, call).then(
        (body) => finish(() => resolve(body)),
        (failure) => finish(() => reject(failure)),
      );
    });
    call.signal?.addEventListener("abort", onAbort, { once: true });
    if (call.signal?.aborted) onAbort();
    else sent.end(call.body);
  });
}

async function readAnswer(response: IncomingMessage, call: UnaryCall): Promise<Buffer> {
  const status = response.statusCode ?? 0;
  const type = (response.headers["content-type"] ?? "").split(";")[0]?.trim();
  const expected = status === 200 ? call.contentType : "application/json";
  if (type !== expected || response.headers["content-encoding"]) throw strangeAnswer(status, type, call);
  const body = await readCapped(response, call.subject);
  if (status === 200) return body;
  const failure = await failureFromErrorBody(parseJson(body), call.subject);
  throw failure ?? new Failure("answer_invalid", { subject: call.subject });
}

/** The failure for a page or a redirect in place of an answer: a captive portal, unless the server was verified. */
function strangeAnswer(status: number, type: string | undefined, call: UnaryCall): Failure {
  const looksLikePortal = status === 511 || (status >= 300 && status < 400) || type === "text/html";
  const code = looksLikePortal && !call.proven ? "captive_portal" : "answer_invalid";
  return new Failure(code, { subject: call.subject });
}

async function readCapped(response: IncomingMessage, subject: string): Promise<Buffer> {
  const tooLarge = (): Failure => new Failure("answer_too_large", { subject });
  if (Number(response.headers["content-length"] ?? 0) > messageLimit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > messageLimit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (thrown) {
    // The connection broke during the answer.
    throw thrown instanceof Failure ? thrown : new Failure("answer_invalid", { subject }, { cause: thrown });
  }
  return Buffer.concat(chunks);
}

export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

/**
 * An HTTP agent with one connection, already opened and verified. If the server closes it, the agent opens another
 * one in the same way.
 */
export class ConnectionAgent extends Agent {
  #ready: Socket | null;
  readonly #reopen: () => Promise<Socket>;

  constructor(ready: Socket, reopen: () => Promise<Socket>) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#ready = ready;
    this.#reopen = reopen;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, socket: Socket) => void): undefined {
    const ready = this.#ready;
    this.#ready = null;
    const socket = ready && !ready.destroyed && ready.readable ? Promise.resolve(ready) : this.#reopen();
    socket.then(
      (open) => callback?.(null, open),
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  }

  override destroy(): void {
    this.#ready?.destroy();
    super.destroy();
  }
}
