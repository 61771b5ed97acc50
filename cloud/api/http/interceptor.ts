import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { Refusal } from "../../base/cause.ts";
import { newHexId } from "../../base/ids.ts";
import type { Log } from "../../domain/context.ts";
import { storageRefusal } from "../../store/failures.ts";
import { wasRead } from "./caller.ts";
import { toConnectError } from "./errors.ts";

const validator = createValidator();

function check<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  const result = validator.validate(schema, message);
  if (result.kind === "valid") return;
  if (result.kind === "error") throw result.error;
  const first = result.violations[0];
  const field = first ? pathToString(first.field) : "";
  throw new Refusal("invalid_argument", `${field || "The message"}: ${first?.message ?? "is not valid"}`, { field });
}

/** For every call: validates what comes in, turns refusals into the contract's form, logs one line with a request id. */
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
    const refuse = (error: unknown): never => {
      const refusal = error instanceof Refusal ? error : storageRefusal(error, dataDirectory);
      if (refusal) {
        finish(refusal.code);
        throw toConnectError(refusal);
      }
      if (error instanceof ConnectError) {
        finish("protocol");
        throw error;
      }
      finish("unknown");
      // The stack is for the log of whoever runs the server, never for the caller.
      log("error", "a call failed unexpectedly", {
        request: id,
        error: error instanceof Error ? error.stack : String(error),
      });
      throw toConnectError(new Refusal("unknown", `The cloud instance failed unexpectedly (request ${id}).`));
    };
    try {
      if (!request.stream) {
        check(request.method.input, request.message);
        const response = await next(request);
        response.header.set("x-request-id", id);
        finish("");
        return response;
      }
      const response = await next({ ...request, message: checked(request.method.input, request.message) });
      response.header.set("x-request-id", id);
      if (!response.stream) return response;
      return { ...response, message: guarded(response.message, refuse, () => finish("")) };
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

async function* guarded<T>(messages: AsyncIterable<T>, refuse: (error: unknown) => never, finish: () => void) {
  try {
    yield* messages;
    finish();
  } catch (error) {
    refuse(error);
  }
}
