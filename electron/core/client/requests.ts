import type { Secret } from "../credentials/secret.ts";
import type { Identity } from "../instance/identity.ts";
import type { ModeWord, StoreWord } from "./model.ts";

/**
 * How users name an intranet that they want to sign in to: a link `sag://enroll?…`, `CODE@HOST[:PORT]`, a code alone
 * where one server is known, or server and code separately.
 */
export type Invitation = string | { server: string; enterpriseCode: string };

/** What Discover reports before a sign-in. */
export interface Discovered {
  /** HOST[:PORT]; to be shown before a password is typed. */
  server: string;
  enterpriseCode: string;
  displayName: string;
  /** How the server's identity was decided. */
  identity: Identity;
  /** The pins that identify the server from now on; none: the system's authorities decide. */
  pins: string[];
  /** The listed intranet with this server and code, if any; signing in continues it. */
  known: string | null;
}

/**
 * Called on first use of a server without a pin whose certificate no authority signed. The user compares the
 * fingerprint (SHA-256 of the public key, 64 hexadecimal digits) and may accept it. Without this callback the server
 * is refused: `instance_identity_unknown`.
 */
export type DecideIdentity = (question: { server: string; fingerprint: string }) => Promise<boolean>;

/**
 * Called when a known server has a new key and the invitation confirms the new one. If it resolves to true, the new
 * key replaces the known one. Without this callback the server is refused: `instance_identity_changed`.
 */
export type ReplaceIdentity = DecideIdentity;

export interface SignInOptions {
  invitation: Invitation;
  userName: string;
  password: Secret;
  /** Code of the second factor; needed after `second_factor_required`. */
  otp?: Secret;
  /** Default: keychain. */
  store?: StoreWord;
  /** The intranet's name on this computer; default: made from the display name. */
  intranet?: string;
  decideIdentity?: DecideIdentity;
  replaceIdentity?: ReplaceIdentity;
  signal?: AbortSignal;
}

/** The current step of a connect. */
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
  /** What happens to connections outside the tunnel's prefixes and domains; default: direct. */
  outside?: "direct" | "refuse";
  /** HOST:PORT on loopback; default: the same as last time. */
  socks?: string;
  http?: string;
  /** Whether a session that is already connected with other settings will do; otherwise it is refused: `already_exists`. */
  acceptsOther?: boolean;
  /** Time limit for connecting, ms; default 15 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called at every step, to show progress. */
  onStep?: (step: ConnectStep) => void;
}

export interface PasswordChange {
  intranet?: string;
  /** Identifies the account before the first sign-in, after `password_change_required`; instead of `intranet`. */
  account?: { invitation: Invitation; userName: string };
  password: Secret;
  newPassword: Secret;
  otp?: Secret;
  decideIdentity?: DecideIdentity;
  signal?: AbortSignal;
}
