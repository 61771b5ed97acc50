import { z } from "zod";
import type { Discovered } from "./core/client/client.ts";
import type { FailureView, IntranetState, LockdownView } from "./core/client/model.ts";

// All that the window may know of core: types of what it is sent.
export type { BlockingWord, CauseCode, MenderWord, PhaseWord } from "../common/words.ts";
export type { Discovered } from "./core/client/client.ts";
export type { FailureView, HopView, IntranetState, WarningView } from "./core/client/model.ts";

/**
 * The contract between window and main: every call with the schema of its argument, every event with its shape. Main
 * validates what comes in by these schemas; the renderer imports types only.
 */

const intranetId = z.string().regex(/^[0-9a-z]{4,32}$/);
/** 64 hexadecimal digits: SHA-256 of a server's public key that a person has compared and confirmed. */
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/);
/** A link, CODE@HOST or a code; server and code apart; or an intranet that is known here. */
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
    /** Into a file, after the window has shown that there is no keychain. */
    inFile: z.boolean().optional(),
  }),
  /** Whether a sign-in to this intranet can be kept where it is kept unless a person chooses a file. */
  checkStore: z.strictObject({ invitation }),
  changePassword: z.strictObject({
    invitation,
    userName,
    password,
    newPassword: password,
    otp: otp.optional(),
    trust: fingerprint.optional(),
  }),
  /** A code by mail; answered alike for names that do not exist. */
  forgotPassword: z.strictObject({ invitation, userName, trust: fingerprint.optional() }),
  /** With the code from the mail. */
  resetPassword: z.strictObject({
    invitation,
    userName,
    code: z.string().min(1).max(64),
    newPassword: password,
    trust: fingerprint.optional(),
  }),
  /** A new second factor; signing in with a code made with it puts it in force. */
  enrolSecondFactor: z.strictObject({ invitation, userName, password, trust: fingerprint.optional() }),
  connect: z.strictObject({ intranetId }),
  disconnect: z.strictObject({ intranetId }),
  /** One of those that `session_limit` lists; then connects. */
  endSession: z.strictObject({ intranetId, sessionId: z.string().regex(/^[0-9a-f]{32}$/) }),
  signOut: z.strictObject({ intranetId, forget: z.boolean() }),
  select: z.strictObject({ intranetId }),
  useForBrowsers: z.strictObject({ intranetId, on: z.boolean() }),
  setPreferences: preferencesSchema.partial(),
  copy: z.strictObject({ text: z.string().min(1).max(512) }),
  openResource: z.strictObject({ intranetId, resourceId: z.string().min(1).max(64) }),
  dismissNotice: z.strictObject({ intranetId }),
  /** For administrators of the machine. */
  liftLockdown: z.undefined(),
  openPortal: z.undefined(),
  openLicenses: z.undefined(),
} as const;

export type CallName = keyof typeof callSchemas;
export type CallArgument<N extends CallName> = z.infer<(typeof callSchemas)[N]>;

/** Call → what it answers with. Connecting and the like answer when main has taken it on; the outcome is in the state. */
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

/** What a person adds to an authenticator. */
export interface SecondFactorKey {
  /** Base32. */
  secret: string;
  /** The same with account and issuer, for a QR code: otpauth://… */
  uri: string;
}

/** A failure is a value: no exception crosses the bridge. */
export type Answer<T> = { ok: true; value: T } | { ok: false; failure: FailureView; question?: IdentityQuestion };

/** A server whose certificate no known authority signed: a person compares the fingerprint and may confirm it. */
export interface IdentityQuestion {
  server: string;
  fingerprint: string;
  /** It is known here with another key, which the invitation says is replaced. */
  changed?: boolean;
}

/** Inner bytes since the session began, at one moment. */
export interface TrafficPoint {
  /** ms since the epoch. */
  at: number;
  rxBytes: number;
  txBytes: number;
}

/** Something the administrator publishes. */
export interface ResourceView {
  id: string;
  name: string;
  kind: string;
  address: string;
  /** It can be opened in a browser; otherwise its address can be copied. */
  opens: boolean;
}

export interface BrowserSetting {
  /** This desktop's proxy setting can be changed. */
  supported: boolean;
  /** The intranet it leads to; null = as the person had it. */
  intranetId: string | null;
  /** It was asked for, and the desktop did not take the setting. */
  refused: boolean;
}

/** Nothing leaves this computer but the tunnel. Times are ms since the epoch. */
export interface Lockdown {
  /** Who turned it on; null = not known. */
  by: LockdownView["by"];
  /** When it was put in force, in this run of the computer; null = not known. */
  since: number | null;
  /** A sign-in page of the network's can be reached by this link. */
  portal: { link: string; until: number } | null;
  mayLift: boolean;
  mayOpenPortal: boolean;
}

/** One intranet as the window shows it. */
export interface IntranetView {
  state: IntranetState;
  /** What it is called here: its display name, and who has signed in where several have the same. */
  label: string;
  resources: ResourceView[];
  /** ms since the epoch when the tunnel came up; null = it is not up. */
  since: number | null;
}

export interface Snapshot {
  /** Of this run of main; a delta of another epoch or with a gap in revision asks for a new snapshot. */
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
  /** An invitation that came from outside (a link) and waits for a person. */
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
  /** Of this run: main has chosen it. */
  readonly language: string;
  call<N extends CallName>(name: N, argument?: CallArgument<N>): Promise<Answer<CallResults[N]>>;
  /** Every delta; there is one listener, the store. */
  onDelta(listener: (delta: Delta) => void): void;
}

/** Channels: one for all calls, so that nothing can be registered without a schema; one for deltas. */
export const callChannel = "sag:call";
export const deltaChannel = "sag:delta";

/** With it main says to the preload which language was chosen. */
export const languageArgument = "--sag-language=";

/** bytes of an argument as JSON; nothing a person types comes near. */
export const argumentLimit = 64 * 1024;
