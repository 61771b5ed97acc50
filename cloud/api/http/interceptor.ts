import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { say } from "../../base/say.ts";
import { storageRefusal } from "../../store/failures.ts";
import { proveConnection, tokenOwner, wasRead } from "./caller.ts";
import { toConnectError } from "./errors.ts";

const validator = createValidator();

function check<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return;
  if (result.kind === "error") throw result.error;
  const first = result.violations[0];
  const field = first ? pathToString(first.field) : "";
  const said = first?.message
    ? say("request_breaks_rule", { field: field || "message", reason: first.message })
    : say("request_not_valid");
  throw new Refusal("invalid_argument", said, { field });
}

/**
 * Interceptor of every call: validates requests, converts refusals to Connect errors, and writes one log line with a request id.
 */
export function guard(log: Log, dataDirectory: string): Interceptor {
  return (next) => async (request) => {
    const id = newHexId().slice(0, 16);
    const started = performance.now();
    request.contextValues.set(wasRead, true);
    const call = `${request.service.typeName}/${request.method.name}`;
    const finish = (cause: string) =>
      log(cause === "unknown" ? "error" : "info", "call", {
        request: id,
        call,
        cause,
        ms: Math.round(performance.now() - started),
      });
    const prove = () => {
      const owner = request.contextValues.get(tokenOwner);
      if (owner !== "") request.contextValues.get(proveConnection)(owner);
    };
    const refuse = (error: unknown): never => {
      const refusal = error instanceof Refusal ? error : storageRefusal(error, dataDirectory);
      if (refusal) {
        finish(refusal.code);
        throw toConnectError(refusal);
      }
      if (callerLeft(error)) {
        finish("gone");
        throw new ConnectError("The caller went away.", Code.Canceled);
      }
      if (error instanceof ConnectError) {
        finish("protocol");
        throw error;
      }
      finish("unknown");
      // The stack goes to the log only, never to the caller.
      log("error", "a call failed unexpectedly", {
        request: id,
        error: error instanceof Error ? error.stack : String(error),
      });
      throw toConnectError(new Refusal("unknown", say("request_failed_with_id", { id })));
    };
    try {
      if (!request.stream) {
        check(request.method.input, request.message);
        const response = await next(request);
        response.header.set("x-request-id", id);
        prove();
        finish("");
        return response;
      }
      const response = await next({ ...request, message: checked(request.method.input, request.message) });
      response.header.set("x-request-id", id);
      if (!response.stream) return response;
      markAsStream(response.header);
      return { ...response, message: guarded(response.message, { refuse, prove, finish: () => finish("") }) };
    } catch (error) {
      return refuse(error);
    }
  };
}

async function* checked<D extends DescMessage>(schema: D, messages: AsyncIterable<MessageShape<D>>) {
  for await (const message of messages) {
    check(schema, message);
    yield message;
  }
}

const left = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED", "ERR_HTTP2_STREAM_ERROR", "ECONNRESET", "EPIPE"];

/** Whether the caller closed the connection or stream while its request was being read, which is not a server error. */
function callerLeft(error: unknown): boolean {
  return error instanceof Error && "code" in error && left.includes(String(error.code));
}

/** Tells reverse proxies not to buffer a stream; nginx buffers answers by default. */
function markAsStream(header: Headers): void {
  header.set("x-accel-buffering", "no");
  header.set("cache-control", "no-store, no-transform");
}

interface StreamEnds {
  refuse: (error: unknown) => never;
  /** Called with the first message of the answer: by then the token has been verified. */
  prove: () => void;
  finish: () => void;
}

async function* guarded<T>(messages: AsyncIterable<T>, { refuse, prove, finish }: StreamEnds) {
  let first = true;
  try {
    for await (const message of messages) {
      if (first) prove();
      first = false;
      yield message;
    }
    finish();
  } catch (error) {
    refuse(error);
  }
}
