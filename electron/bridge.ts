import { z } from "zod";
import type { Discovered } from "./core/client/client.ts";
import type { FailureView, IntranetState, LockdownView } from "./core/client/model.ts";

// The types of core that messages to the window are made of.
export type { BlockingWord, CauseCode, FixerWord, PhaseWord } from "../common/words.ts";
export type { Discovered } from "./core/client/client.ts";
export type { FailureView, HopView, IntranetState, WarningView } from "./core/client/model.ts";

/**
 * The contract between window and main: every call with the schema of its argument, every event with its shape. Main
 * validates what comes in by these schemas; the renderer imports types only.
 */

const intranetId = z.string().regex(/^[0-9a-z]{4,32}$/);
/** 64 hexadecimal digits: SHA-256 of a server's public key that a person has compared and confirmed. */
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
/** A link, CODE@HOST or a code; server and code separately; or an intranet that is already in the list. */
const invitation = z.union([
  z.string().min(1).max(2048),
  z.strictObject({ intranetId }),
  z.strictObject({ server: z.string().min(1).max(512), enterpriseCode: z.string().min(1).max(16) }),
]);
const password = z.string().min(1).max(256);
const userName = z.string().min(1).max(64);
const otp = z.string().max(16);

export const preferencesSchema = z.strictObject({
  /** The app starts when the person signs in to the computer. */
  launchAtLogin: z.boolean(),
  /** Connects the chosen intranet when the app starts. */
  connectAtStart: z.boolean(),
  /** Starts in the tray, without a window. */
  startHidden: z.boolean(),
  theme: z.enum(["system", "light", "dark"]),
});
export type Preferences = z.infer<typeof preferencesSchema>;

/** Call → schema of its one argument. Nothing is accepted that is not here. */
export const callSchemas = {
  snapshot: z.undefined(),
  discover: z.strictObject({ invitation, trust: fingerprint.optional() }),
  signIn: z.strictObject({
    invitation,
    userName,
    password,
    otp: otp.optional(),
    trust: fingerprint.optional(),
    /** Stores the sign-in in a file; the window offers this when there is no keychain. */
    inFile: z.boolean().optional(),
  }),
  /**
   * Whether a sign-in to this intranet can be stored in its default store (the keychain, unless the user chose a
   * file).
   */
  checkStore: z.strictObject({ invitation }),
  changePassword: z.strictObject({
    invitation,
    userName,
    password,
    newPassword: password,
    otp: otp.optional(),
    trust: fingerprint.optional(),
  }),
  /** Mails a code; the answer is the same for user names that do not exist. */
  forgotPassword: z.strictObject({ invitation, userName, trust: fingerprint.optional() }),
  /** With the code from the mail. */
  resetPassword: z.strictObject({
    invitation,
    userName,
    code: z.string().min(1).max(64),
    newPassword: password,
    trust: fingerprint.optional(),
  }),
  /** Creates a new second factor. It takes effect with the first sign-in that uses a code made with it. */
  enrolSecondFactor: z.strictObject({ invitation, userName, password, trust: fingerprint.optional() }),
  connect: z.strictObject({ intranetId }),
  disconnect: z.strictObject({ intranetId }),
  /** Ends one of the sessions that `session_limit` lists, then connects. */
  endSession: z.strictObject({ intranetId, sessionId: z.string().regex(/^[0-9a-f]{32}$/) }),
  signOut: z.strictObject({ intranetId, forget: z.boolean() }),
  select: z.strictObject({ intranetId }),
  useForBrowsers: z.strictObject({ intranetId, on: z.boolean() }),
  setPreferences: preferencesSchema.partial(),
  copy: z.strictObject({ text: z.string().min(1).max(512) }),
  openResource: z.strictObject({ intranetId, resourceId: z.string().min(1).max(64) }),
  dismissNotice: z.strictObject({ intranetId }),
  /** Only for administrators of this computer. */
  liftLockdown: z.undefined(),
  openPortal: z.undefined(),
  openLicenses: z.undefined(),
} as const;

export type CallName = keyof typeof callSchemas;
export type CallArgument<N extends CallName> = z.infer<(typeof callSchemas)[N]>;

/**
 * Call → result. Long-running calls such as connect return once main has accepted them; the outcome is part of the
 * state.
 */
export interface CallResults {
  snapshot: Snapshot;
  discover: Discovered;
  signIn: { intranetId: string };
  checkStore: null;
  changePassword: null;
  forgotPassword: null;
  resetPassword: null;
  enrolSecondFactor: SecondFactorKey;
  connect: null;
  disconnect: null;
  endSession: null;
  signOut: null;
  select: null;
  useForBrowsers: null;
  setPreferences: null;
  copy: null;
  openResource: null;
  dismissNotice: null;
  liftLockdown: null;
  openPortal: null;
  openLicenses: null;
}

/** What the user enters in an authenticator app. */
export interface SecondFactorKey {
  /** Base32. */
  secret: string;
  /** The same with account and issuer, for a QR code: otpauth://… */
  uri: string;
}

/** A failure is a value: no exception crosses the bridge. */
export type Answer<T> = { ok: true; value: T } | { ok: false; failure: FailureView; question?: IdentityQuestion };

/** A server whose certificate no trusted authority signed: the user compares the fingerprint and may confirm it. */
export interface IdentityQuestion {
  server: string;
  fingerprint: string;
  /** The server is already known with another key, and the invitation says that the key was replaced. */
  changed?: boolean;
}

/** Bytes inside the tunnel since the session began, at one moment. */
export interface TrafficPoint {
  /** ms since the epoch. */
  at: number;
  rxBytes: number;
  txBytes: number;
}

/** A resource that the administrator publishes. */
export interface ResourceView {
  id: string;
  name: string;
  kind: string;
  address: string;
  /** Whether it can be opened in a browser; otherwise only its address can be copied. */
  opens: boolean;
}

export interface BrowserSetting {
  /** This desktop's proxy setting can be changed. */
  supported: boolean;
  /** The intranet that the proxy setting points to; null = the user's own setting. */
  intranetId: string | null;
  /** The setting was requested, but the desktop did not accept it. */
  refused: boolean;
}

/** While lockdown is on, only the tunnel's own packets leave this computer. Times are ms since the epoch. */
export interface Lockdown {
  /** Who turned it on; null = not known. */
  by: LockdownView["by"];
  /** When lockdown took effect since this boot; null = not known. */
  since: number | null;
  /** The captive-portal exception: the sign-in page's address, and when the exception ends. */
  portal: { link: string; until: number } | null;
  mayLift: boolean;
  mayOpenPortal: boolean;
}

/** One intranet as the window shows it. */
export interface IntranetView {
  state: IntranetState;
  /** The name shown: the display name, with the user name where several intranets have the same one. */
  label: string;
  resources: ResourceView[];
  /** ms since the epoch when the tunnel came up; null = it is not up. */
  since: number | null;
  /** Why the last disconnect did not work, until the phase changes; null = it did. */
  refused: FailureView | null;
}

export interface Snapshot {
  /**
   * Identifies this run of main. After a delta with another epoch or a gap in the revisions, the window requests a
   * new snapshot.
   */
  epoch: string;
  revision: number;
  version: string;
  platform: string;
  intranets: IntranetView[];
  selected: string | null;
  preferences: Preferences;
  browsers: BrowserSetting;
  /** null = off. */
  lockdown: Lockdown | null;
  traffic: Record<string, TrafficPoint[]>;
  /** An invitation that came from outside (a link) and has not been handled yet. */
  invitation: string | null;
  page: PageName | null;
}

export type PageName = "main" | "add" | "settings";

export type Change =
  | { kind: "intranet"; intranet: IntranetView; traffic: TrafficPoint | null }
  | { kind: "removed"; intranetId: string }
  | { kind: "selected"; intranetId: string | null }
  | { kind: "preferences"; preferences: Preferences }
  | { kind: "browsers"; browsers: BrowserSetting }
  | { kind: "lockdown"; lockdown: Lockdown | null }
  | { kind: "invitation"; invitation: string }
  | { kind: "page"; page: PageName };

export interface Delta {
  epoch: string;
  revision: number;
  change: Change;
}

/** What the preload exposes as `window.sag`, and nothing else. */
export interface Bridge {
  /** The language that main chose for this run. */
  readonly language: string;
  call<N extends CallName>(name: N, argument?: CallArgument<N>): Promise<Answer<CallResults[N]>>;
  /** Every delta; there is one listener, the store. */
  onDelta(listener: (delta: Delta) => void): void;
}

/** One channel for all calls, so that no call can be registered without a schema, and one for deltas. */
export const callChannel = "sag:call";
export const deltaChannel = "sag:delta";

/** The argument by which main passes the chosen language to the preload. */
export const languageArgument = "--sag-language=";

/** Limit of an argument as JSON, bytes; far above anything a user can type. */
export const argumentLimit = 64 * 1024;
