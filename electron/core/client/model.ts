import type {
  BlockingWord,
  CauseCode,
  FixerWord,
  HopWord,
  ModeWord,
  PhaseWord,
  ResourceWord,
  WarningWord,
} from "../../../common/words.ts";

export type {
  BlockingWord,
  CauseCode,
  FixerWord,
  HopWord,
  ModeWord,
  PhaseWord,
  ResourceWord,
  WarningWord,
} from "../../../common/words.ts";

// The shapes that `sag --json` prints and that the app sends to the renderer.

/** A failure as users and scripts see it. `message` and `action` come from the cause table. */
export interface FailureView {
  cause: CauseCode;
  /** One sentence: the cause. */
  message: string;
  /** One sentence: what to do, and who can. Empty when there is nothing to do. */
  action: string;
  fixer: FixerWord;
  /** ms after which a retry makes sense; only with too_many_attempts and similar causes. */
  retryAfterMs?: number;
  /** The device that took over; only with `replaced`. */
  deviceName?: string;
  /**
   * Which input is meant. With `second_factor_required`: otp = a code is missing, second_factor = none is set up yet;
   * with `bad_credentials`: code = the mailed one was wrong.
   */
  field?: string;
  /** The sender's text, on which the action for a terminal can depend. It is part of `message`, so it is not printed. */
  text?: string;
  /** Sessions that could be ended; only with `session_limit`. */
  sessions?: { id: string; deviceName: string; ageMs: number; clientIp: string }[];
}

export interface WarningView {
  code: WarningWord;
  hop: HopWord | null;
  fixer: FixerWord;
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
  /** ms since the tunnel last came up: after an outage, since its end. */
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

/** A published resource. */
export interface ResourceView {
  name: string;
  /** web, ssh, rdp, vnc, files, database, other. */
  kind: ResourceWord;
  /** Web: a URL. The others: HOST or HOST:PORT. */
  address: string;
}

/** The host settings of system mode as found just now, which may differ from the planned ones. */
export interface MachineView {
  /** Our routes and rules that are present, as `ip route` and `ip rule` print them. */
  routes: string[];
  rules: string[];
  /** DNS settings; null = unchanged. */
  names: NamesView | null;
  /** What the kill switch drops; null = nothing. */
  guard: KillSwitchView | null;
}

export interface NamesView {
  /** Which DNS manager was configured: systemd-resolved, NetworkManager, file. */
  backend: string;
  servers: string[];
  domains: string[];
  /** Whether these servers get all DNS queries. */
  everything: boolean;
  /** Appended to short names, in this order. */
  searchDomains: string[];
  /** Another program changed the DNS settings: a description of what was found. */
  trouble: string | null;
}

export interface KillSwitchView {
  blocking: BlockingWord;
  prefixes: string[];
  domains: string[];
  lockdown: boolean;
  /** ms left of the captive-portal exception; null = none. */
  portalLeftMs: number | null;
  /** Packets dropped since the kill switch was set up. */
  dropped: number;
}

/**
 * Lockdown as the service reports it, or as it recorded it in its file before it ended. While it is on, only the
 * tunnel's own packets leave this computer.
 */
export interface LockdownView {
  /** Who turned it on; null = not known. */
  by: "administrator" | "policy" | null;
  /** ms since it took effect in this boot; null = not known. */
  sinceMs: number | null;
  /** The captive-portal exception: the page's address and the ms left; null = none. */
  portal: { link: string; leftMs: number } | null;
  /** Whether this user may turn lockdown off, and may open the captive-portal exception. Both need the service. */
  mayLift: boolean;
  mayOpenPortal: boolean;
}

/**
 * The current state of one intranet. Addresses are HOST:PORT, pac is a URL; null = not available in this phase or
 * mode.
 */
export interface IntranetState {
  /** The intranet's name on this computer, unique for this user. */
  intranet: string;
  /** Made at the first sign-in and never changed: matches ^[0-9a-z]{4,32}$. */
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
  /** Lockdown of the whole computer, whatever the phase; null = off. */
  lockdown: LockdownView | null;
  /** Of the sag-tunnel process. */
  pid: number | null;
  /** Bytes inside the tunnel since the session began. */
  rxBytes: number;
  txBytes: number;
  /** Packets that the access point has refused since the session began, by an access list for example. */
  refusedPackets: number;
  /** The last message from the administrator: plain text, never markup. */
  notice: string | null;
}

/**
 * A snapshot first, then every change. `removed`: the intranet was forgotten. `lockdown`: before the snapshot if
 * lockdown is on, and on every change. The states contain it too, but the list of intranets may be empty.
 */
export type ClientEvent =
  | { kind: "lockdown"; lockdown: LockdownView | null }
  | { kind: "snapshot"; states: IntranetState[] }
  | { kind: "changed"; state: IntranetState }
  | { kind: "removed"; intranetId: string };

export interface Watching {
  /** While the window is visible: a probe every second, and traffic counters. */
  setAttentive(attentive: boolean): void;
  close(): void;
}

/** Where the refresh token is stored. `none`: not at all, the sign-in is for one dial. */
export type StoreWord = "keychain" | "file" | "none";

/** The stored settings of an intranet, without its state. */
export interface IntranetInfo {
  intranet: string;
  intranetId: string;
  displayName: string;
  userName: string;
  server: string;
  enterpriseCode: string;
  store: StoreWord;
  /** Whether a sign-in is stored for it. */
  signedIn: boolean;
  /** Used when no intranet is named. */
  isDefault: boolean;
}
