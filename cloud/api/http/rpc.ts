import {
  Code,
  ConnectError,
  type ConnectRouterOptions,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { CauseCode } from "../../base/cause.ts";
import type { Log } from "../../base/log.ts";
import { foreign, type Message, say } from "../../base/say.ts";
import { answerJson, errorBody, type HttpResponse } from "./answers.ts";
import { type Prove, wasRead } from "./caller.ts";

type NodeRequest = Parameters<typeof universalRequestFromNodeRequest>[0];
type NodeResponse = Parameters<typeof universalResponseToNodeResponse>[1];
type Router = ReturnType<typeof createConnectRouter>;
type UniversalHandler = Router["handlers"][number];
type UniversalResponse = Awaited<ReturnType<UniversalHandler>>;

export interface RpcOptions extends ConnectRouterOptions {
  routes(router: Router): void;
  /** Call `proven` when a valid token was seen. */
  contextValues(request: NodeRequest, proven: Prove): ContextValues;
  log: Log;
  /** Handles all other paths. */
  otherwise(request: NodeRequest, response: NodeResponse): void;
}

/**
 * Serves the Connect protocol. Differs from connect-node's adapter in that errors of the protocol layer itself (truncated,
 * oversized, not JSON, wrong method) also have a cause, because clients read only the cause.
 */
export function rpcHandler(options: RpcOptions): (request: NodeRequest, response: NodeResponse, proven: Prove) => void {
  const router = createConnectRouter({ acceptCompression: [compressionGzip, compressionBrotli], ...options });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response, proven) => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (!handler) {
      options.otherwise(request, response);
      return;
    }
    const { authority } = request as { authority?: string };
    if (!isAuthority(authority || request.headers.host)) {
      const message = say("request_no_host");
      answerJson(response as HttpResponse, 400, errorBody("invalid_argument", "invalid_argument", message));
      return;
    }
    const values = options.contextValues(request, proven);
    handler(universalRequestFromNodeRequest(request, response, undefined, values))
      .then((answer) => withCause(answer, values))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((reason: unknown) => {
        // The caller closed the connection before it was answered.
        if (ConnectError.from(reason).code === Code.Aborted) return;
        options.log("warn", "could not send an answer", { call: handler.requestPath, error: String(reason) });
        response.destroy();
      });
  };
}

/**
 * Whether this is a host with an optional port (RFC 3986, 3.2.2). connect-node builds a URL from it, and throws for anything
 * else.
 */
function isAuthority(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^(\[[0-9a-f:.]{2,45}\]|[0-9a-z_.-]{1,255})(:\d{1,5})?$/i.test(text) &&
    URL.canParse(`https://${text}/`)
  );
}

interface ErrorBody {
  code?: string;
  message?: string;
  details?: unknown[];
}

async function withCause(answer: UniversalResponse, values: ContextValues): Promise<UniversalResponse> {
  if (answer.status === 200 || answer.header?.has("content-encoding")) return answer;
  const body = await parse(answer);
  if (body.details && body.details.length > 0) return answer;
  // The decoder reports bytes that it cannot parse as an internal error.
  const unreadable = answer.status === 500 && !values.get(wasRead);
  const status = unreadable ? 400 : answer.status;
  const { code, cause, said } = refused(status, unreadable ? { code: "invalid_argument" } : body);
  const bytes = errorBody(code, cause, said);
  const header = new Headers(answer.header);
  header.set("content-type", "application/json");
  header.set("content-length", String(bytes.length));
  return { ...answer, status, header, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function parse(answer: UniversalResponse): Promise<ErrorBody> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) chunks.push(chunk);
  // The body can be read only once, so replace it by a copy.
  if (answer.body) answer.body = once(Buffer.concat(chunks));
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as ErrorBody;
  } catch {
    return {};
  }
}

function refused(status: number, body: ErrorBody): { code: string; cause: CauseCode; said: Message } {
  const reason = (body.message ?? "").slice(0, 200);
  if (status === 415) {
    return { code: "invalid_argument", cause: "invalid_argument", said: say("request_content_type") };
  }
  if (status === 405) return { code: "invalid_argument", cause: "invalid_argument", said: say("request_not_post") };
  if (body.code === "resource_exhausted") {
    return { code: body.code, cause: "answer_too_large", said: say("request_too_large") };
  }
  if (body.code === "invalid_argument") {
    return {
      code: body.code,
      cause: "invalid_argument",
      said: reason ? say("request_unreadable_because", { reason }) : say("request_unreadable"),
    };
  }
  return { code: body.code ?? "unknown", cause: "unknown", said: foreign(reason) };
}
