import type {
  BlockingWord,
  CauseCode,
  HopWord,
  MenderWord,
  ModeWord,
  PhaseWord,
  ResourceWord,
  WarningWord,
} from "../../../common/words.ts";

export type {
  BlockingWord,
  CauseCode,
  HopWord,
  MenderWord,
  ModeWord,
  PhaseWord,
  ResourceWord,
  WarningWord,
} from "../../../common/words.ts";

// What the faces of core (app, CLI) see: JSON printed by `sag` and messages to the renderer are these shapes.

/** Something that failed, as a person or a script meets it. `message` and `action` come from the cause table. */
export interface FailureView {
  cause: CauseCode;
  /** One sentence: what is the matter. */
  message: string;
  /** One sentence: what to do, and who can. Empty when there is nothing to do. */
  action: string;
  mender: MenderWord;
  /** ms until it is worth trying again; only with too_many_attempts and the like. */
  retryAfterMs?: number;
  /** The device that took over; only with `replaced`. */
  deviceName?: string;
  /**
   * Which of the things sent is meant. With `second_factor_required`: otp = a code, second_factor = there is none yet; with
   * `bad_credentials`: code = the one that came by mail.
   */
  field?: string;
  /** Sessions that could be ended; only with `session_limit`. */
  sessions?: { id: string; deviceName: string; ageMs: number; clientIp: string }[];
}

export interface WarningView {
  code: WarningWord;
  hop: HopWord | null;
  mender: MenderWord;
  message: string;
}

export interface HopView {
  kind: HopWord;
  id: string;
  name: string;
  whole: boolean;
  missing: WarningView | null;
}

export interface AccessPointView {
  id: string;
  name: string;
  endpoint: string;
  /** ms, of the last answered probe; null = none yet. */
  latencyMs: number | null;
}

export interface SessionView {
  id: string;
  /** ms since the tunnel first came up. */
  sinceMs: number;
  /** ms. */
  leaseMs: number;
  leaseLeftMs: number;
  renewals: number;
  addresses: string[];
  routes: string[];
  dnsServers: string[];
  dnsDomains: string[];
  /** Appended to short names, in this order. */
  dnsSearchDomains: string[];
  /** What sag-tunnel's TLS to the cloud negotiated, for example "X25519MLKEM768"; "" before the first contact. */
  keyExchange: string;
  presharedKey: boolean;
  /** bytes. */
  mtu: number;
  handshakeAgeMs: number | null;
  /** Cap of the account each way, Kbit/s; null = none, or not known. */
  bandwidthKbps: number | null;
  resources: ResourceView[];
}

/** Something inside that the administrator published. */
export interface ResourceView {
  name: string;
  /** web, ssh, rdp, vnc, files, database, other. */
  kind: ResourceWord;
  /** Web: a URL. The others: HOST or HOST:PORT. */
  address: string;
}

/** The machine in system mode, as it was found just now; not as it was meant to be. */
export interface MachineView {
  /** Routes and rules of ours that are there, each as `ip route` and `ip rule` print it. */
  routes: string[];
  rules: string[];
  /** Who is asked for names; null = nothing was changed. */
  names: NamesView | null;
  /** What is held back outside the tunnel; null = nothing. */
  guard: KillSwitchView | null;
}

export interface NamesView {
  /** What was changed: systemd-resolved, NetworkManager, file. */
  backend: string;
  servers: string[];
  domains: string[];
  /** The servers are asked for all names. */
  everything: boolean;
  /** Appended to short names. */
  searchDomains: string[];
  /** Somebody else changed it: what was found, in words. */
  trouble: string | null;
}

export interface KillSwitchView {
  blocking: BlockingWord;
  prefixes: string[];
  domains: string[];
  lockdown: boolean;
  /** ms left in which a captive portal can be reached; null = it can not. */
  portalLeftMs: number | null;
  /** Packets held back since the kill switch was made. */
  dropped: number;
}

/** Nothing leaves this machine but the tunnel, session or not, as the service or the file it left tells it. */
export interface LockdownView {
  /** Who turned it on; null = not known. */
  by: "administrator" | "policy" | null;
  /** ms since it was put in force in this run of the machine; null = not known. */
  sinceMs: number | null;
  /** A captive portal can be reached by this link, for so many ms more; null = it can not. */
  portal: { link: string; leftMs: number } | null;
  /** This user, as they are, may lift it, and may open the way to a captive portal. Both take the service. */
  mayLift: boolean;
  mayOpenPortal: boolean;
}

/** One intranet, as it is now. Addresses are HOST:PORT, pac is a URL; null = not there in this phase or mode. */
export interface IntranetState {
  /** The name the person knows it by, unique on this machine for this user. */
  intranet: string;
  /** Stable, made at sign-in: matches ^[0-9a-z]{4,32}$. */
  intranetId: string;
  displayName: string;
  userName: string;
  /** HOST[:PORT] of the cloud instance. */
  server: string;
  phase: PhaseWord;
  cause: FailureView | null;
  blocking: BlockingWord;
  mode: ModeWord | null;
  clientIp: string | null;
  accessPoint: AccessPointView | null;
  session: SessionView | null;
  warnings: WarningView[];
  hops: HopView[];
  socks: string | null;
  http: string | null;
  pac: string | null;
  machine: MachineView | null;
  /** The machine's, whatever the phase; null = there is none. */
  lockdown: LockdownView | null;
  /** Of the sag-tunnel process. */
  pid: number | null;
  /** Inner bytes since the session began. */
  rxBytes: number;
  txBytes: number;
  /** The last message from the administrator: plain text, never markup. */
  notice: string | null;
}

/**
 * A snapshot first, then every change. `removed`: forgotten on this machine. `lockdown`: before the snapshot if there is any, and
 * whenever it changes; it is in the states as well, but there may be none.
 */
export type ClientEvent =
  | { kind: "lockdown"; lockdown: LockdownView | null }
  | { kind: "snapshot"; states: IntranetState[] }
  | { kind: "changed"; state: IntranetState }
  | { kind: "removed"; intranetId: string };

export interface Watching {
  /** Somebody is looking: a probe every second, and traffic. */
  setAttentive(attentive: boolean): void;
  close(): void;
}

/** Where the refresh token is kept. `none`: nowhere, the sign-in is for one dial only. */
export type StoreWord = "keychain" | "file" | "none";

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
