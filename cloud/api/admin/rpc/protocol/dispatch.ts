import { randomUUID } from "node:crypto";
import type { Caller } from "../../../../admin/command.ts";
import { requireAccess } from "../../../../admin/run.ts";
import { type CauseCode, Refusal } from "../../../../base/cause.ts";
import { type Message, say } from "../../../../base/say.ts";
import { answerOnce } from "../../../../domain/idempotency.ts";
import { RuleBroken } from "../../../../domain/rules.ts";
import type { Secret } from "../../../../security/secret.ts";
import { Nonces } from "../../../../security/signatures/nonces.ts";
import { type Claim, readSignature, signatureMatches } from "../../../../security/signatures/verify.ts";
import { ApiFailure } from "./failure.ts";
import { type Answer, type Call, type Operation, type Product, productVersions } from "./operation.ts";
import { readParameters } from "./parameters.ts";
import { type RateRules, RequestRate } from "./rate.ts";
import { type RawRequest, readWire, shown, type WireRequest } from "./wire.ts";

/** An access key and its caller. */
export interface KeyRecord {
  id: string;
  secret: Secret;
  active: boolean;
  caller: Caller;
}

export interface DispatchParts {
  operations: readonly Operation[];
  /** Names of published operations that this server does not offer. */
  unsupported: ReadonlySet<string>;
  /** Epoch ms. */
  now(): number;
  /** Monotonic clock, ms. */
  monotonic(): number;
  /** Rate limits of one access key. */
  rate: RateRules;
  findKey(id: string): Promise<KeyRecord | undefined>;
  /** The product account with this name; undefined = the caller's. */
  tenant(name: string | undefined, caller: Caller): Promise<Caller["tenant"]>;
  /** The context of a handler. The nonce of a signed request is stored in the transaction of its change. */
  call(request: { caller: Caller; requestId: string; host: string; action: string; claim: Claim | undefined }): Call;
  /** The refusal for an unexpected error that an administrator can fix, such as a full disk; otherwise undefined. */
  storageRefusal(error: unknown): Refusal | undefined;
  /** Logs an internal error with the request's id. The error itself is not sent to the client. */
  unexpected(error: unknown, requestId: string, action: string): void;
}

export interface ApiResponse {
  status: number;
  requestId: string;
  /** The published error code; "" = success. */
  code: string;
  action: string;
  /** Access key id, once its signature has been verified. */
  actor: string;
  body: Record<string, unknown>;
  /** The format that the client requested. */
  format: Format;
  /** Cause and message of a failure, for sagctl. */
  cause?: CauseCode;
  said?: Message;
}

export type Format = "JSON" | "XML";

/** What is already known of a request when it fails. */
interface Trace {
  action: string;
  actor: string;
  format: Format;
  /** Whether the operation is our own extension of the published API: its failures also contain the cause. */
  own?: boolean;
}

/** The `Format` parameter in any letter case; default: JSON. */
function formatOf({ parameters }: WireRequest): Format {
  const format = (parameters.get("Format") ?? "").toUpperCase();
  if (format === "" || format === "JSON" || format === "XML") return format || "JSON";
  throw new ApiFailure("InvalidFormat", say("api_format"));
}

/**
 * The admin API without its sockets: parses a request, verifies its signature, validates the parameters, runs the operation and formats
 * the answer.
 */
export class Dispatcher {
  readonly #parts: DispatchParts;
  readonly #byVersion = new Map<string, Map<string, Operation>>();
  readonly #nonces = new Nonces();
  readonly #rate: RequestRate;

  constructor(parts: DispatchParts) {
    this.#parts = parts;
    this.#rate = new RequestRate(parts.rate);
    for (const operation of parts.operations) {
      const version = productVersions[operation.product];
      const known = this.#byVersion.get(version) ?? new Map<string, Operation>();
      known.set(operation.name, operation);
      this.#byVersion.set(version, known);
    }
  }

  /** A request from the network, which must be signed. */
  async signed(raw: RawRequest): Promise<ApiResponse> {
    const trace: Trace = { action: "", actor: "", format: "JSON" };
    const host = raw.headers.get("host") ?? "";
    return this.#answering(host, trace, async (requestId) => {
      const wire = readWire(raw);
      trace.action = shown(wire.action);
      trace.format = formatOf(wire);
      const { claim, caller } = await this.#prove(wire);
      trace.actor = caller.actor;
      trace.own = wire.version === productVersions.sag;
      const operation = this.#find(wire);
      const call = this.#parts.call({ caller, requestId, host: shown(host), action: operation.name, claim });
      return this.#run(operation, wire, call);
    });
  }

  /** A request from sagctl on the same host; the operating system has authenticated the caller. */
  async trusted(
    caller: Caller,
    version: string,
    action: string,
    parameters: ReadonlyMap<string, string>,
  ): Promise<ApiResponse> {
    const trace: Trace = { action, actor: caller.actor, format: "JSON" };
    return this.#answering("", trace, async (requestId) => {
      const wire = { action, version, parameters };
      const operation = this.#find(wire);
      const call = this.#parts.call({ caller, requestId, host: "", action: operation.name, claim: undefined });
      return this.#run(operation, wire, call);
    });
  }

  /** A request that could not be read. */
  refused(host: string, failure: ApiFailure): Promise<ApiResponse> {
    return this.#answering(host, { action: "", actor: "", format: "JSON" }, () => Promise.reject(failure));
  }

  async #prove(wire: WireRequest): Promise<{ claim: Claim; caller: Caller }> {
    const claim = readSignature(wire.signed, this.#parts.now());
    if ("code" in claim) throw new ApiFailure(claim.code, claim.said);
    const key = await this.#parts.findKey(claim.accessKeyId);
    if (!key) throw new ApiFailure("InvalidAccessKeyId.NotFound", say("api_key_unknown"));
    if (!signatureMatches(claim, key.secret.reveal())) {
      throw new ApiFailure("SignatureDoesNotMatch", say("api_signature_wrong"));
    }
    if (!key.active) throw new ApiFailure("InvalidAccessKeyId.Inactive", say("key-inactive"));
    // Check the rate after the signature, so that an unauthenticated caller cannot use up a key's limit, and before the nonce, so that
    // a throttled request can be repeated unchanged.
    if (!this.#rate.take(key.id, this.#parts.monotonic())) {
      throw new ApiFailure("Throttling.User", say("api_too_often"));
    }
    if (!this.#nonces.use(key.id, claim.nonce, this.#parts.monotonic())) {
      throw new ApiFailure("SignatureNonceUsed", say("nonce-used"));
    }
    return { claim, caller: key.caller };
  }

  #find({ action, version }: { action: string; version: string }): Operation {
    if (action === "") throw new ApiFailure("MissingAction", say("parameter_missing", { name: "Action" }));
    if (version === "") throw new ApiFailure("MissingVersion", say("parameter_missing", { name: "Version" }));
    const known = this.#byVersion.get(version);
    if (!known) {
      const offered = Object.entries(productVersions).map(([product, v]) => `${v} (${product})`);
      throw new ApiFailure("InvalidVersion", say("api_version_unknown", { offered: offered.join(", ") }));
    }
    const operation = known.get(action);
    if (operation) return operation;
    const product = (Object.keys(productVersions) as Product[]).find((p) => productVersions[p] === version);
    if (product === "smartag" && this.#parts.unsupported.has(action)) {
      throw new ApiFailure("UnsupportedOperation", say("api_operation_not_offered", { action }));
    }
    throw new ApiFailure("InvalidAction.NotFound", say("api_operation_unknown", { action: shown(action), version }));
  }

  async #run(operation: Operation, wire: { parameters: ReadonlyMap<string, string> }, call: Call): Promise<Answer> {
    const label = operation.label?.(wire.parameters);
    const name = label ?? operation.command ?? operation.name;
    await requireAccess(call, { name, access: operation.access, shown: label ?? operation.name });
    const values = readParameters(operation.parameters, wire.parameters);
    const { ClientToken: token, ...parameters } = values as Record<string, unknown>;
    if (typeof token !== "string" || token === "") return operation.run(this.#nesting(call), values);
    const request = { tenantId: call.caller.tenant.id, action: operation.name, token, parameters };
    return answerOnce(call, request, (change) => operation.run(this.#nesting({ ...call, change }), values));
  }

  /** Lets RunCommand run another operation within the same request, with one nonce and one transaction. */
  #nesting(call: Call): Call {
    return {
      ...call,
      published: async (version, action, tenant, parameters) => {
        const operation = this.#find({ action, version });
        if (operation.label) throw new ApiFailure("InvalidAction.NotFound", say("api_operation_nested", { action }));
        const caller = { ...call.caller, operator: true, tenant: await this.#parts.tenant(tenant, call.caller) };
        return this.#run(operation, { parameters: new Map(Object.entries(parameters)) }, { ...call, caller });
      },
    };
  }

  async #answering(host: string, trace: Trace, work: (requestId: string) => Promise<Answer>): Promise<ApiResponse> {
    const requestId = randomUUID().toUpperCase();
    try {
      const answer = await work(requestId);
      return { status: 200, requestId, code: "", ...trace, body: { RequestId: requestId, ...answer } };
    } catch (error) {
      let failure = asFailure(error) ?? asFailure(this.#parts.storageRefusal(error));
      if (!failure) {
        this.#parts.unexpected(error, requestId, trace.action);
        failure = new ApiFailure("InternalError", say("api_failed"));
      }
      const { code, status, message, recommend } = failure;
      return {
        status,
        requestId,
        code,
        ...trace,
        cause: failure.cause ?? causeOfStatus(status),
        said: failure.said,
        body: {
          RequestId: requestId,
          HostId: shown(host),
          Code: code,
          Message: message,
          Recommend: recommend,
          ...(trace.own
            ? {
                Cause: failure.cause ?? causeOfStatus(status),
                MessageKey: failure.said.key,
                MessageParams: failure.said.params,
              }
            : {}),
        },
      };
    }
  }
}

/** The published form of an expected failure; undefined = an internal error. */
function asFailure(error: unknown): ApiFailure | undefined {
  if (error instanceof ApiFailure) return error;
  if (error instanceof RuleBroken) return new ApiFailure(error.published, error.said, "", error.code);
  if (!(error instanceof Refusal)) return undefined;
  if (["storage_full", "storage_readonly", "storage_damaged"].includes(error.code)) {
    return new ApiFailure("ServiceUnavailable", error.said, "", error.code);
  }
  if (error.code === "too_many_attempts") return new ApiFailure("Throttling.User", error.said, "", error.code);
  return new ApiFailure("InvalidParameter", error.said, "", error.code);
}

/** Cause of a failure that has none of its own, such as a wrong parameter or signature. */
function causeOfStatus(status: number): CauseCode {
  if (status === 404) return "not_found";
  if (status === 403) return "not_permitted";
  return status >= 500 ? "unknown" : "invalid_argument";
}
