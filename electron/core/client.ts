import type { Account } from "./account.ts";
import type { Secret } from "./credentials/secret.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { CoreClient } from "./implementation.ts";
import type { Identity } from "./instance/identity.ts";
import type { IntranetState, ModeWord } from "./model.ts";

/** Where the refresh token is kept. `none`: nowhere, the sign-in is for one dial only. */
export type StoreWord = "keychain" | "file" | "none";

/**
 * What a person was given: a link `sag://enroll?…`, `CODE@HOST[:PORT]`, or a code alone where one server is known; or server
 * and code apart.
 */
export type Invitation = string | { server: string; enterpriseCode: string };

/** What Discover tells before anybody signs in. */
export interface Discovered {
  /** HOST[:PORT]; to be shown before a password is typed. */
  server: string;
  enterpriseCode: string;
  displayName: string;
  /** How the server's identity was decided. */
  identity: Identity;
  /** An intranet with this server and code that is here already; signing in goes on with it. */
  known: string | null;
}

/**
 * Asked on first use of a server without a pin whose certificate no authority vouches for. A person compares the fingerprint
 * (SHA-256 of the public key, 64 hexadecimal digits) and says yes. Without this callback the answer is no:
 * `instance_identity_unknown`.
 */
export type DecideIdentity = (question: { server: string; fingerprint: string }) => Promise<boolean>;

export interface SignInOptions {
  invitation: Invitation;
  userName: string;
  password: Secret;
  /** Second factor; after `second_factor_required`. */
  otp?: Secret;
  /** Default: keychain. */
  store?: StoreWord;
  /** What to call it; default: made from the display name. */
  intranet?: string;
  decideIdentity?: DecideIdentity;
  signal?: AbortSignal;
}

/** What a connect is at. */
export type ConnectStep =
  | "already_connected"
  | "signing_in"
  | "resuming"
  | "preparing"
  | "dialling"
  | "starting"
  | "waiting";

export interface ConnectOptions {
  mode?: ModeWord | "auto";
  /** An access point's id; default: the cloud's order. */
  accessPoint?: string;
  /** What happens to what is not inside; default: direct. */
  outside?: "direct" | "refuse";
  /** HOST:PORT on loopback; default: the same as last time. */
  socks?: string;
  http?: string;
  /** ms until it is given up; default 15 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Told what it is at, for whoever waits. */
  onStep?: (step: ConnectStep) => void;
}

export interface PasswordChange {
  intranet?: string;
  /** Instead of an intranet, while nobody is signed in yet: after `password_change_required`. */
  account?: { invitation: Invitation; userName: string };
  password: Secret;
  newPassword: Secret;
  otp?: Secret;
  decideIdentity?: DecideIdentity;
  signal?: AbortSignal;
}

/** A snapshot first, then every change. `removed`: forgotten on this machine. */
export type ClientEvent =
  | { kind: "snapshot"; states: IntranetState[] }
  | { kind: "changed"; state: IntranetState }
  | { kind: "removed"; intranetId: string };

export interface Watching {
  /** Somebody is looking: a probe every second, and traffic. */
  setAttentive(attentive: boolean): void;
  close(): void;
}

/** An intranet as it is kept, whatever its state. */
export interface IntranetInfo {
  intranet: string;
  intranetId: string;
  displayName: string;
  userName: string;
  server: string;
  enterpriseCode: string;
  store: StoreWord;
  /** A sign-in is kept for it. */
  signedIn: boolean;
  /** Meant when none is named. */
  isDefault: boolean;
}

/**
 * What app and command line drive. One per process. Everything that fails throws a Failure (core/causes); what was
 * aborted by a signal throws that signal's reason; nothing else is thrown.
 * `intranet` is a name or an id; undefined means the only one, or the default.
 */
export interface Client {
  intranets(): Promise<IntranetInfo[]>;
  /** Makes it the one that is meant when none is named. */
  setDefault(intranet: string): Promise<void>;
  /** probe: proof of life is asked for first (at most 1 s). */
  states(options?: { probe?: boolean }): Promise<IntranetState[]>;
  watch(listener: (event: ClientEvent) => void, options?: { attentive?: boolean }): Watching;

  discover(
    invitation: Invitation,
    options?: { decideIdentity?: DecideIdentity; signal?: AbortSignal },
  ): Promise<Discovered>;
  /** Signs in and keeps it. It does not connect. */
  signIn(options: SignInOptions): Promise<IntranetState>;
  /** Up, or a Failure. Already connected is no failure. */
  connect(intranet?: string, options?: ConnectOptions): Promise<IntranetState>;
  /** Sign-in and dial in one, keeping no token. */
  connectOnce(signIn: SignInOptions, options?: ConnectOptions): Promise<IntranetState>;
  disconnect(intranet?: string): Promise<IntranetState>;
  /** Disconnects, revokes the token at the cloud instance if it answers, forgets it here. `forget` removes the intranet too. */
  signOut(intranet?: string, options?: { forget?: boolean }): Promise<IntranetState>;
  changePassword(options: PasswordChange): Promise<void>;
  /** What a person does with their own account, beside signing in. */
  account(): Promise<Account>;

  /** Lets go of streams and connections. What is connected stays connected. */
  close(): void;
}

export interface ClientParts {
  /** Default: this machine. */
  environment?: Environment;
  /** Told what a person should know and nothing has failed for. */
  onNotice?: (text: string) => void;
}

export function createClient({
  environment = systemEnvironment(),
  onNotice = () => undefined,
}: ClientParts = {}): Client {
  return new CoreClient(environment, onNotice);
}
