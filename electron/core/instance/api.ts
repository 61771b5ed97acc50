import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { Failure } from "../causes/failure.ts";
import { version } from "../product/version.ts";
import { type Address, formatAddress } from "./address.ts";
import { type Connection, openConnection, type Trust } from "./connection.ts";
import { ConnectionAgent, unary } from "./http.ts";
import type { Identity } from "./identity.ts";
import { keepsRules } from "./rules.ts";

type Method = DescMethodUnary<DescMessage, DescMessage>;

export interface CallOptions {
  /** Bearer token. */
  token?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Time limit for an answer, ms. A dial waits up to 300 ms for an access point; checking a password takes about 50 ms.
 */
const answerTimeout = 10_000;

export const hello = { version, capabilities: [] as string[] };

/** The client API of one cloud instance, over a connection to a verified server. */
export class InstanceApi {
  readonly server: string;
  readonly identity: Identity;
  /** What TLS negotiated with the cloud instance, for example "X25519MLKEM768". */
  readonly keyExchange: string;
  readonly #agent: ConnectionAgent;

  static async open(
    address: Address,
    trust: Trust,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<InstanceApi> {
    return new InstanceApi(address, await openConnection(address, trust, options));
  }

  private constructor(address: Address, connection: Connection) {
    this.server = formatAddress(address);
    this.identity = connection.identity;
    this.keyExchange = connection.keyExchange;
    const { by, fingerprint } = connection.identity;
    const pins = by === "authority" ? [] : [fingerprint];
    this.#agent = new ConnectionAgent(connection.socket, async () => (await openConnection(address, { pins })).socket);
  }

  discover = this.#method(ClientService.method.discover);
  signIn = this.#method(ClientService.method.signIn);
  refresh = this.#method(ClientService.method.refresh);
  signOut = this.#method(ClientService.method.signOut);
  changePassword = this.#method(ClientService.method.changePassword);
  forgotPassword = this.#method(ClientService.method.forgotPassword);
  resetPassword = this.#method(ClientService.method.resetPassword);
  enrolSecondFactor = this.#method(ClientService.method.enrolSecondFactor);
  confirmSecondFactor = this.#method(ClientService.method.confirmSecondFactor);
  removeSecondFactor = this.#method(ClientService.method.removeSecondFactor);
  listDevices = this.#method(ClientService.method.listDevices);
  listSessions = this.#method(ClientService.method.listSessions);
  endSession = this.#method(ClientService.method.endSession);
  endDevice = this.#method(ClientService.method.endDevice);
  dial = this.#method(ClientService.method.dial);
  hangUp = this.#method(SessionService.method.hangUp);

  close(): void {
    this.#agent.destroy();
  }

  #method<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>) {
    return async (input: MessageInitShape<I>, options: CallOptions = {}): Promise<MessageShape<O>> => {
      const body = await this.#post(
        method as unknown as Method,
        toBinary(method.input, create(method.input, input)),
        options,
      );
      let answer: MessageShape<O>;
      try {
        answer = fromBinary(method.output, body);
      } catch (cause) {
        throw new Failure("answer_invalid", { subject: this.server }, { cause });
      }
      if (!keepsRules(method.output, answer)) throw new Failure("answer_invalid", { subject: this.server });
      return answer;
    };
  }

  #post(method: Method, body: Uint8Array, options: CallOptions): Promise<Buffer> {
    return unary(
      { agent: this.#agent },
      {
        path: `/${method.parent.typeName}/${method.name}`,
        contentType: "application/proto",
        body,
        headers: {
          host: this.server,
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        },
        timeoutMs: answerTimeout,
        signal: options.signal,
        subject: this.server,
        silence: () => new Failure("instance_unreachable", { subject: this.server }),
        proven: this.identity.by !== "authority",
      },
    );
  }
}
