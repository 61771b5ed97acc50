import type { Secret } from "../credentials/secret.ts";
import type { Identity } from "../instance/identity.ts";
import type { ModeWord, StoreWord } from "./model.ts";

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
  /** What the server is recognised by from now on, as with a sign-in; none: the system's authorities decide. */
  pins: string[];
  /** An intranet with this server and code that is here already; signing in goes on with it. */
  known: string | null;
}

/**
 * Asked on first use of a server without a pin whose certificate no authority vouches for. A person compares the fingerprint
 * (SHA-256 of the public key, 64 hexadecimal digits) and says yes. Without this callback the answer is no:
 * `instance_identity_unknown`.
 */
export type DecideIdentity = (question: { server: string; fingerprint: string }) => Promise<boolean>;

/**
 * Asked when a known server has another key than before and the invitation vouches for the new one. Yes: the new one replaces what was
 * known. Without this callback the answer is no: `instance_identity_changed`.
 */
export type ReplaceIdentity = DecideIdentity;

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
  replaceIdentity?: ReplaceIdentity;
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
  /** Instead of an intranet, before the first sign-in: after `password_change_required`. */
  account?: { invitation: Invitation; userName: string };
  password: Secret;
  newPassword: Secret;
  otp?: Secret;
  decideIdentity?: DecideIdentity;
  signal?: AbortSignal;
}
