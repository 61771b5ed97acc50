import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ClientService } from "#proto/client/v1/client_pb.js";
import { SessionService } from "#proto/client/v1/session_pb.js";
import { Cause, FailureSchema as Failure, type FailureSchema } from "#proto/types/v1/cause_pb.js";
import { makeCertificate, type TestCertificate } from "./certificate.ts";

type FailureInit = MessageInitShape<typeof FailureSchema>;

/** A fake cloud instance with one code and one account, over real TLS and the real protocol. */
export class FakeCloud {
  readonly code = "AB12C";
  readonly user = "anna@contoso.example";
  password = "Correct-Horse1";
  /** The code that ForgotPassword mails. */
  mailedCode = "123456";
  /** Lifetime of access tokens, ms. */
  accessLifetime = 600_000;
  /** Pins in its answers, hexadecimal; undefined = its own. */
  announced: string[] | undefined;
  /** The failure of the next Dial. */
  refusal: FailureInit | undefined;
  /** Handles all requests instead of the API. */
  handler:
    | ((request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void)
    | undefined;
  readonly calls: string[] = [];
  #certificate: TestCertificate;
  #server: Server | undefined;
  #port = 0;
  /** By device: the current token and, for one reuse, the previous one. */
  #refresh = new Map<string, { former: string; current: string }>();
  #access = new Set<string>();

  constructor(certificate: TestCertificate = makeCertificate()) {
    this.#certificate = certificate;
  }

  get pin(): string {
    return this.#certificate.pin;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get link(): string {
    return `sag://enroll?server=https%3A%2F%2F${this.host}&code=${this.code}&pin=${this.pin}`;
  }

  async start(): Promise<this> {
    const api = connectNodeAdapter({
      routes: (router) => {
        router.service(ClientService, {
          discover: (request) => this.#discover(request.enterpriseCode),
          signIn: (request) => this.#signIn(request.enterpriseCode, request.userName, request.password),
          refresh: (request) => this.#rotate(request.deviceId, request.refreshToken),
          signOut: () => this.#note("signOut", {}),
          changePassword: (request) => this.#changePassword(request.password, request.newPassword),
          dial: (_request, context) => this.#dial(context),
          forgotPassword: () => this.#note("forgotPassword", {}),
          resetPassword: (request) => this.#resetPassword(request.code, request.newPassword),
          enrolSecondFactor: (request) => this.#withPassword("enrol", request.password, newFactor),
          confirmSecondFactor: (request) => this.#withPassword(`confirm ${request.otp}`, request.password, {}),
          removeSecondFactor: (request) => this.#withPassword(`remove ${request.otp}`, request.password, {}),
          listDevices: (_request, context) => this.#withToken("listDevices", context, { devices: [ownDevice] }),
          listSessions: (_request, context) => this.#withToken("listSessions", context, { sessions: [ownSession] }),
          endDevice: (request, context) => this.#withToken(`endDevice ${request.deviceId}`, context, {}),
          endSession: (request, context) => this.#withToken(`endSession ${request.sessionId}`, context, {}),
        });
        router.service(SessionService, { hangUp: () => this.#note("hangUp", {}) });
      },
    });
    this.#server = createServer({ cert: this.#certificate.cert, key: this.#certificate.key }, (request, response) => {
      if (this.handler) this.handler(request, response);
      else api(request, response);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async startAt(port: number): Promise<this> {
    this.#port = port;
    return this.start();
  }

  /** Starts again on the same port with another key, as after an attack or a reinstallation. */
  async changeCertificate(): Promise<void> {
    await this.stop();
    this.#certificate = makeCertificate();
    await this.start();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Refuses all access tokens issued so far. */
  forgetAccessTokens(): void {
    this.#access.clear();
  }

  /** Refuses all refresh tokens issued so far as well, as after a password reset. */
  endSignIns(): void {
    this.#access.clear();
    this.#refresh.clear();
  }

  count(call: string): number {
    return this.calls.filter((one) => one === call).length;
  }

  #note<T>(call: string, answer: T): T {
    this.calls.push(call);
    return answer;
  }

  #serverInfo() {
    const pins = this.announced ?? [this.pin];
    return { hello: { version: "0.1.0" }, spkiPins: pins.map((pin) => Buffer.from(pin, "hex")) };
  }

  #discover(code: string) {
    this.calls.push("discover");
    if (code.toUpperCase() !== this.code) throw refused({ cause: Cause.UNKNOWN_CODE });
    return { server: this.#serverInfo(), displayName: "Contoso", enterpriseCode: this.code };
  }

  #signIn(code: string, user: string, password: string) {
    this.calls.push("signIn");
    if (code.toUpperCase() !== this.code) throw refused({ cause: Cause.UNKNOWN_CODE });
    if (user !== this.user || password !== this.password) throw refused({ cause: Cause.BAD_CREDENTIALS });
    return { signedIn: this.#issue("", token()) };
  }

  #rotate(_device: string, given: string) {
    this.calls.push("refresh");
    for (const [key, pair] of this.#refresh) {
      if (given === pair.current) {
        this.#refresh.delete(key);
        return { signedIn: this.#issue(given, token()) };
      }
      if (given === pair.former) return { signedIn: this.#issue(pair.former, pair.current) };
    }
    throw refused({ cause: Cause.SIGN_IN_EXPIRED });
  }

  #issue(former: string, current: string) {
    this.#refresh.set(current, { former, current });
    const access = token();
    this.#access.add(access);
    return {
      tokens: {
        refreshToken: current,
        accessToken: access,
        accessTokenLifetime: durationFromMs(this.accessLifetime),
        signInLifetime: durationFromMs(30 * 86_400_000),
      },
      server: this.#serverInfo(),
      instanceId: "sag-1",
      displayName: "Contoso",
      accountId: "account-1",
      userName: this.user,
      mail: this.user,
    };
  }

  #changePassword(password: string, next: string) {
    this.calls.push("changePassword");
    if (password !== this.password) throw refused({ cause: Cause.BAD_CREDENTIALS });
    this.password = next;
    return {};
  }

  #resetPassword(code: string, next: string) {
    this.calls.push("resetPassword");
    if (code !== this.mailedCode) throw refused({ cause: Cause.BAD_CREDENTIALS });
    this.password = next;
    return {};
  }

  #withPassword<T>(call: string, password: string, answer: T): T {
    if (password !== this.password) throw refused({ cause: Cause.BAD_CREDENTIALS });
    return this.#note(call, answer);
  }

  #withToken<T>(call: string, context: HandlerContext, answer: T): T {
    this.calls.push(call); // refused calls are counted as well
    const access = context.requestHeader.get("authorization")?.replace("Bearer ", "") ?? "";
    if (!this.#access.has(access)) throw refused({ cause: Cause.SIGN_IN_EXPIRED });
    return answer;
  }

  #dial(context: HandlerContext) {
    this.#withToken("dial", context, {});
    if (this.refusal) throw refused(this.refusal);
    return { session: sampleSession() };
  }
}

const newFactor = { uri: "otpauth://totp/Contoso?secret=ABCD", secret: "ABCD", lifetime: durationFromMs(600_000) };
const ownDevice = {
  deviceId: "a".repeat(32),
  name: "laptop\u202e",
  platform: "linux",
  signedIn: true,
  thisDevice: true,
};
const ownSession = {
  sessionId: "b".repeat(32),
  deviceId: "a".repeat(32),
  deviceName: "laptop",
  addresses: ["10.77.0.12"],
  mode: 1,
  age: durationFromMs(5_000),
};

const token = (): string => randomBytes(24).toString("base64url");

function refused(failure: FailureInit): ConnectError {
  const error = new ConnectError("refused", Code.FailedPrecondition);
  error.details.push({ desc: Failure, value: create(Failure, failure) });
  return error;
}

function sampleSession() {
  return {
    sessionId: randomBytes(16).toString("hex"),
    sessionToken: token(),
    addresses: ["10.77.0.12/32", "fd00:5a6::12/128"],
    accessPoints: [
      {
        id: "ap-1",
        name: "Frankfurt",
        publicKey: randomBytes(32),
        probeAddress: "fd00:5a6:0:ffff::1",
        presharedKey: randomBytes(32),
        endpoints: [{ transport: 1, host: "127.0.0.1", port: 51820 }],
        ready: true,
      },
    ],
    routes: ["10.0.0.0/24"],
    dns: { servers: ["10.0.0.53"], domains: ["corp.example"] },
    mtu: 1280,
    lease: durationFromMs(43_200_000),
    renewAfter: durationFromMs(21_600_000),
    incarnation: 1,
    displayName: "Contoso",
  };
}
