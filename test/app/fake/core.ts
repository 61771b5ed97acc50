import type { Account } from "../../../electron/core/account/account.ts";
import { Failure } from "../../../electron/core/causes/failure.ts";
import type {
  Client,
  ClientEvent,
  Discovered,
  IntranetInfo,
  Invitation,
  SignInOptions,
  Watching,
} from "../../../electron/core/client/client.ts";
import type { CauseCode, IntranetState, LockdownView } from "../../../electron/core/client/model.ts";
import { Secret } from "../../../electron/core/credentials/secret.ts";
import type { Lockdown } from "../../../electron/core/tunnel/lockdown.ts";
import { connected, contosoId, disconnected } from "./sample.ts";

const fingerprint = "9f2c41d07be3a86550f1c2d3e4b5a69788796a5b4c3d2e1f00112233445566ab";

/** The same format as a cloud instance's. */
export const authenticatorLink = (secret: string): string =>
  `otpauth://totp/Contoso:anna.meyer%40contoso.example?secret=${secret}&issuer=Contoso&algorithm=SHA1&digits=6&period=30`;

/**
 * A fake client of core: it behaves like the real one without delay, unless the test configures it. Available as
 * `globalThis.sagFake` in the main process.
 */
export class FakeCore implements Client {
  readonly #states = new Map<string, IntranetState>();
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  /** The calls so far, by name. */
  readonly asked: { call: string; argument: unknown }[] = [];
  attentive = false;
  /** Failures of the next calls, by call. */
  readonly #failures = new Map<string, { code: CauseCode; details: object }[]>();
  /** Calls that never return. */
  readonly silent = new Set<string>();
  /** The server has a self-signed certificate, and no pin is known. */
  selfMade = false;
  /** How long connecting takes, ms. */
  connectTakes = 30;
  /** Counts attempts to connect and their ends; an outdated attempt reports nothing. */
  #attempt = 0;
  #lockdown: LockdownView | null = null;
  readonly lockdown = this.#lockdownPart();

  /** Resets to the initial state; listeners stay. */
  reset(): void {
    this.#attempt++;
    for (const id of [...this.#states.keys()]) this.remove(id);
    this.asked.length = 0;
    this.#failures.clear();
    this.silent.clear();
    this.selfMade = false;
    this.connectTakes = 30;
    this.lock(null);
  }

  /** Sets the lockdown state. */
  lock(lockdown: LockdownView | null): void {
    this.#lockdown = lockdown;
    this.#emit({ kind: "lockdown", lockdown });
    const blocking = lockdown ? "all" : "none";
    for (const state of this.#states.values()) this.put({ ...state, lockdown, blocking });
  }

  #lockdownPart(): Lockdown {
    const part: Pick<Lockdown, "view" | "lift" | "openPortal"> = {
      view: async () => this.#lockdown,
      lift: async () => {
        await this.#meet("liftLockdown", null);
        this.lock(null);
      },
      openPortal: async (leftMs) => {
        await this.#meet("openPortal", leftMs);
        this.lock(this.#lockdown && { ...this.#lockdown, portal: { link: "wlan0", leftMs } });
        return this.#lockdown;
      },
    };
    return part as Lockdown;
  }

  put(state: IntranetState): void {
    this.#states.set(state.intranetId, state);
    this.#emit({ kind: "changed", state });
  }

  remove(intranetId: string): void {
    this.#states.delete(intranetId);
    this.#emit({ kind: "removed", intranetId });
  }

  failNext(call: string, code: CauseCode, details: object = {}): void {
    this.#failures.set(call, [...(this.#failures.get(call) ?? []), { code, details }]);
  }

  async intranets(): Promise<IntranetInfo[]> {
    return [...this.#states.values()].map((state) => ({
      intranet: state.intranet,
      intranetId: state.intranetId,
      displayName: state.displayName,
      userName: state.userName,
      server: state.server,
      enterpriseCode: "CT7X2",
      store: "keychain",
      signedIn: state.phase !== "signed_out",
      isDefault: this.#states.size === 1,
    }));
  }

  async intranet(intranet = ""): Promise<IntranetInfo> {
    const { intranetId } = this.#state(intranet);
    return (await this.intranets()).find((one) => one.intranetId === intranetId) as IntranetInfo;
  }

  async setDefault(intranet: string): Promise<void> {
    this.#state(intranet);
  }

  async states(): Promise<IntranetState[]> {
    return [...this.#states.values()];
  }

  watch(listener: (event: ClientEvent) => void): Watching {
    this.#listeners.add(listener);
    listener({ kind: "snapshot", states: [...this.#states.values()] });
    return {
      setAttentive: (attentive) => {
        this.attentive = attentive;
      },
      close: () => this.#listeners.delete(listener),
    };
  }

  async discover(invitation: Invitation, options: Parameters<Client["discover"]>[1] = {}): Promise<Discovered> {
    await this.#meet("discover", invitation);
    await this.#identify(options.decideIdentity);
    return {
      server: "sag.contoso.example",
      enterpriseCode: "CT7X2",
      displayName: "Contoso",
      identity: { by: this.selfMade ? "person" : "authority", fingerprint },
      pins: [],
      known: null,
    };
  }

  async signIn(options: SignInOptions): Promise<IntranetState> {
    const { password, otp, ...rest } = options;
    await this.#meet("signIn", { ...rest, password: password.reveal(), otp: otp?.reveal() });
    await this.#identify(options.decideIdentity);
    const state = disconnected({ userName: options.userName });
    this.put(state);
    return state;
  }

  async connect(intranet = contosoId): Promise<IntranetState> {
    const before = this.#state(intranet);
    const attempt = ++this.#attempt;
    if (!this.silent.has("connect")) this.put({ ...before, phase: "connecting", cause: null });
    await this.#shown("connect", intranet);
    await new Promise((resolve) => setTimeout(resolve, this.connectTakes));
    if (attempt !== this.#attempt) return this.#states.get(intranet) ?? before;
    const { intranetId, displayName, userName, server } = before;
    const state = connected({ intranet: before.intranet, intranetId, displayName, userName, server });
    this.put({ ...state, session: state.session && { ...state.session, sinceMs: 0 } });
    return state;
  }

  async connectOnce(): Promise<IntranetState> {
    return this.connect();
  }

  async disconnect(intranet = contosoId): Promise<IntranetState> {
    const { intranetId, displayName, userName, server } = this.#state(intranet);
    await this.#shown("disconnect", intranet);
    this.#attempt++;
    const state = disconnected({ intranet: this.#state(intranet).intranet, intranetId, displayName, userName, server });
    this.put(state);
    return state;
  }

  async signOut(intranet = contosoId, options: { forget?: boolean } = {}): Promise<IntranetState> {
    await this.#meet("signOut", { intranet, ...options });
    this.#attempt++;
    const state = disconnected({ phase: "signed_out" });
    this.put(state);
    if (options.forget) this.remove(intranet);
    return state;
  }

  async checkStore(): Promise<void> {
    await this.#meet("checkStore", null);
  }

  async changePassword(options: Parameters<Client["changePassword"]>[0]): Promise<void> {
    const { password, newPassword, otp } = options;
    await this.#meet("changePassword", {
      password: password.reveal(),
      next: newPassword.reveal(),
      ...(otp ? { otp: otp.reveal() } : {}),
    });
  }

  /** The part of the account that the window uses. */
  async account(): Promise<Account> {
    const part: Pick<Account, "endSession" | "forgotPassword" | "resetPassword" | "enrolSecondFactor"> = {
      endSession: (id) => this.#meet("endSession", id),
      forgotPassword: async ({ account, decideIdentity }) => {
        await this.#meet("forgotPassword", account);
        await this.#identify(decideIdentity);
      },
      resetPassword: async ({ account, decideIdentity }, code, newPassword) => {
        await this.#meet("resetPassword", { account, code: code.reveal(), next: newPassword.reveal() });
        await this.#identify(decideIdentity);
      },
      enrolSecondFactor: async ({ account, decideIdentity }) => {
        await this.#meet("enrolSecondFactor", account);
        await this.#identify(decideIdentity);
        const secret = new Secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
        return { secret, uri: new Secret(authenticatorLink(secret.reveal())), lifetimeMs: 900_000 };
      },
    };
    return part as Account;
  }

  close(): void {
    this.#listeners.clear();
  }

  #state(intranet: string): IntranetState {
    const state = this.#states.get(intranet);
    if (!state) throw new Failure("unknown_intranet", { subject: intranet });
    return state;
  }

  async #identify(decide: SignInOptions["decideIdentity"]): Promise<void> {
    if (!this.selfMade) return;
    if (await decide?.({ server: "sag.contoso.example", fingerprint })) return;
    throw new Failure("instance_identity_unknown", { subject: "sag.contoso.example", fingerprint });
  }

  /** For these calls a failure becomes part of the state, unless the intranet is connected. */
  async #shown(call: "connect" | "disconnect", intranet: string): Promise<void> {
    await this.#meet(call, intranet).catch((thrown) => {
      const state = this.#states.get(intranet);
      if (state && state.phase !== "connected" && thrown instanceof Failure)
        this.put({ ...state, phase: "failed", cause: thrown.view });
      throw thrown;
    });
  }

  async #meet(call: string, argument: unknown): Promise<void> {
    this.asked.push({ call, argument });
    if (this.silent.has(call)) await new Promise(() => {});
    const failure = this.#failures.get(call)?.shift();
    if (failure) throw new Failure(failure.code, failure.details);
  }

  #emit(event: ClientEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
