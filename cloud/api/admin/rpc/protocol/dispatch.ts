import { randomUUID } from "node:crypto";
import { Refusal } from "../../../../base/cause.ts";
import { answeredBefore, rememberAnswer } from "../../../../domain/repeats.ts";
import { RuleBroken } from "../../../../domain/rules.ts";
import type { Secret } from "../../../../security/secret.ts";
import { Nonces } from "../../../../security/signatures/nonces.ts";
import { type Claim, readSignature, signatureMatches } from "../../../../security/signatures/verify.ts";
import { ApiFailure } from "./failure.ts";
import {
  type Answer,
  type Call,
  type Caller,
  mayCall,
  type Operation,
  type Product,
  productVersions,
} from "./operation.ts";
import { readParameters } from "./parameters.ts";
import { type RateRules, RequestRate } from "./rate.ts";
import { type RawRequest, readWire, shown, type WireRequest } from "./wire.ts";

/** What an access key id stands for. */
export interface KeyRecord {
  id: string;
  secret: Secret;
  active: boolean;
  caller: Caller;
}

export interface DispatchParts {
  operations: readonly Operation[];
  /** Names of the product's operations that are not offered here. */
  unsupported: ReadonlySet<string>;
  /** Epoch ms. */
  now(): number;
  /** ms on a clock that never jumps. */
  monotonic(): number;
  /** What one access key may ask. */
  rate: RateRules;
  findKey(id: string): Promise<KeyRecord | undefined>;
  /** What a handler works with; the nonce of a signed request goes into the same transaction as its change. */
  call(caller: Caller, requestId: string, action: string, claim: Claim | undefined): Call;
  /** What of the unexpected is an administrator's business after all: a full disk. */
  storageRefusal(error: unknown): Refusal | undefined;
  /** An error of ours: logged with the request's id, never shown. */
  unexpected(error: unknown, requestId: string, action: string): void;
}

export interface ApiResponse {
  status: number;
  requestId: string;
  /** The published code; "" = it went well. */
  code: string;
  action: string;
  /** Access key id, as far as it was proved. */
  actor: string;
  body: Record<string, unknown>;
}

/** The admin API without its sockets: takes a request apart, proves who asks, validates, runs, words the answer. */
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

  /** A request from the network. It must be signed. */
  async signed(raw: RawRequest): Promise<ApiResponse> {
    const trace = { action: "", actor: "" };
    return this.#answering(raw.headers.get("host") ?? "", trace, async (requestId) => {
      const wire = readWire(raw);
      trace.action = shown(wire.action);
      const { claim, caller } = await this.#prove(wire);
      trace.actor = caller.actor;
      const operation = this.#find(wire);
      return this.#run(operation, wire, this.#parts.call(caller, requestId, operation.name, claim));
    });
  }

  /** A request from sagctl beside the server, whose caller the operating system vouches for. */
  async trusted(
    caller: Caller,
    version: string,
    action: string,
    parameters: ReadonlyMap<string, string>,
  ): Promise<ApiResponse> {
    const trace = { action, actor: caller.actor };
    return this.#answering("", trace, async (requestId) => {
      const wire = { action, version, parameters };
      const operation = this.#find(wire);
      return this.#run(operation, wire, this.#parts.call(caller, requestId, operation.name, undefined));
    });
  }

  /** A request that could not even be read. */
  refused(host: string, failure: ApiFailure): Promise<ApiResponse> {
    return this.#answering(host, { action: "", actor: "" }, () => Promise.reject(failure));
  }

  async #prove(wire: WireRequest): Promise<{ claim: Claim; caller: Caller }> {
    const claim = readSignature(wire.signed, this.#parts.now());
    if ("code" in claim) throw new ApiFailure(claim.code, claim.text);
    const key = await this.#parts.findKey(claim.accessKeyId);
    if (!key) throw new ApiFailure("InvalidAccessKeyId.NotFound", "The specified access key is not known.");
    if (!signatureMatches(claim, key.secret.reveal())) {
      throw new ApiFailure(
        "SignatureDoesNotMatch",
        "The signature does not match the request and the access key's secret.",
      );
    }
    if (!key.active) throw new ApiFailure("InvalidAccessKeyId.Inactive", "The specified access key is disabled.");
    // After the proof: nobody uses up the share of another's key. Before the nonce: it may be sent again as it is.
    if (!this.#rate.take(key.id, this.#parts.monotonic())) {
      throw new ApiFailure("Throttling.User", "This access key asks too often; wait a moment.");
    }
    if (!this.#nonces.use(key.id, claim.nonce, this.#parts.now())) {
      throw new ApiFailure("SignatureNonceUsed", "The signature nonce was used before.");
    }
    return { claim, caller: key.caller };
  }

  #find({ action, version }: { action: string; version: string }): Operation {
    if (action === "") throw new ApiFailure("MissingAction", "The parameter Action is missing.");
    if (version === "") throw new ApiFailure("MissingVersion", "The parameter Version is missing.");
    const known = this.#byVersion.get(version);
    if (!known) {
      const offered = Object.entries(productVersions).map(([product, v]) => `${v} (${product})`);
      throw new ApiFailure("InvalidVersion", `This version is not offered; offered are ${offered.join(", ")}.`);
    }
    const operation = known.get(action);
    if (operation) return operation;
    const product = (Object.keys(productVersions) as Product[]).find((p) => productVersions[p] === version);
    if (product === "smartag" && this.#parts.unsupported.has(action)) {
      throw new ApiFailure("UnsupportedOperation", `The operation ${action} is not offered by this cloud instance.`);
    }
    throw new ApiFailure("InvalidAction.NotFound", `There is no operation ${shown(action)} in version ${version}.`);
  }

  async #run(operation: Operation, wire: { parameters: ReadonlyMap<string, string> }, call: Call): Promise<Answer> {
    if (!mayCall(call.caller, operation)) {
      throw new ApiFailure(
        "Forbidden.RAM",
        `The access key's role, ${call.caller.role}, does not allow ${operation.name}.`,
      );
    }
    const values = readParameters(operation.parameters, wire.parameters);
    const token = (values as Record<string, unknown>).ClientToken;
    if (typeof token !== "string") return operation.run(call, values);
    const asked = { tenantId: call.caller.tenant.id, action: operation.name, token };
    const before = await answeredBefore(call.context, asked);
    if (before) return before;
    const answer = await operation.run(call, values);
    await rememberAnswer(call.context, asked, answer);
    return answer;
  }

  async #answering(
    host: string,
    trace: { action: string; actor: string },
    work: (requestId: string) => Promise<Answer>,
  ): Promise<ApiResponse> {
    const requestId = randomUUID().toUpperCase();
    try {
      const answer = await work(requestId);
      return { status: 200, requestId, code: "", ...trace, body: { RequestId: requestId, ...answer } };
    } catch (error) {
      let failure = asFailure(error) ?? asFailure(this.#parts.storageRefusal(error));
      if (!failure) {
        this.#parts.unexpected(error, requestId, trace.action);
        failure = new ApiFailure("InternalError", "The request failed for a reason of the server's own.");
      }
      const { code, status, message, recommend } = failure;
      return {
        status,
        requestId,
        code,
        ...trace,
        body: { RequestId: requestId, HostId: shown(host), Code: code, Message: message, Recommend: recommend },
      };
    }
  }
}

/** The published form of an expected "no"; undefined = it was not expected. */
function asFailure(error: unknown): ApiFailure | undefined {
  if (error instanceof ApiFailure) return error;
  if (error instanceof RuleBroken) return new ApiFailure(error.rule, error.message);
  if (!(error instanceof Refusal)) return undefined;
  if (error.code === "storage_full" || error.code === "storage_readonly") {
    return new ApiFailure("ServiceUnavailable", error.message);
  }
  if (error.code === "too_many_attempts") return new ApiFailure("Throttling.User", error.message);
  return new ApiFailure("InvalidParameter", error.message);
}
