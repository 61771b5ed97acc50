import { failureView } from "../../../electron/core/causes/failure.ts";
import { warningView } from "../../../electron/core/causes/warnings.ts";
import type {
  CauseCode,
  HopView,
  IntranetState,
  KillSwitchView,
  LockdownView,
  MachineView,
  NamesView,
  SessionView,
} from "../../../electron/core/client/model.ts";
import { currentHops } from "../../../electron/core/state/hops.ts";

/** Sample states of core. */

export const contosoId = "contoso01";

export const disconnected = (over: Partial<IntranetState> = {}): IntranetState => ({
  intranet: "contoso",
  intranetId: contosoId,
  displayName: "Contoso",
  userName: "anna",
  server: "sag.contoso.example",
  phase: "disconnected",
  cause: null,
  blocking: "none",
  mode: null,
  clientIp: null,
  accessPoint: null,
  session: null,
  warnings: [],
  hops: [],
  socks: null,
  http: null,
  pac: null,
  machine: null,
  lockdown: null,
  pid: null,
  rxBytes: 0,
  txBytes: 0,
  refusedPackets: 0,
  notice: null,
  ...over,
});

export const session = (over: Partial<SessionView> = {}): SessionView => ({
  id: "ses-1f0c2a9e",
  sinceMs: (2 * 60 + 14) * 60_000,
  leaseMs: 12 * 3_600_000,
  leaseLeftMs: 9 * 3_600_000,
  renewals: 1,
  addresses: ["10.77.0.12", "fd5a:9c1e:77::c"],
  routes: ["10.0.0.0/24"],
  dnsServers: ["10.0.0.53"],
  dnsDomains: ["contoso.example"],
  dnsSearchDomains: [],
  resources: [],
  keyExchange: "X25519MLKEM768",
  presharedKey: true,
  mtu: 1280,
  handshakeAgeMs: 31_000,
  bandwidthKbps: 2_000,
  ...over,
});

const hop = (kind: HopView["kind"], name: string): HopView => ({
  kind,
  id: `${kind}-1`,
  name,
  whole: true,
  missing: null,
});

export const wholeChain = (): HopView[] => [
  hop("client", "anna-laptop"),
  hop("access_point", "Frankfurt"),
  hop("instance", "sag-contoso"),
  hop("ccn", "ccn-europe"),
  hop("cen", "cen-contoso"),
  { ...hop("cloud_network", "production"), id: "vpc-1" },
  { ...hop("cloud_network", "staging"), id: "vpc-2" },
  { ...hop("cloud_network", "office"), id: "vpc-3" },
];

export const brokenChain = (): HopView[] =>
  wholeChain().map((entry) =>
    entry.kind === "cen" ? { ...entry, whole: false, missing: warningView("area_needs_bandwidth") } : entry,
  );

/** `answered`: something in the intranet has answered. */
export const connected = (over: Partial<IntranetState> = {}, answered = true): IntranetState => {
  const state = asConnected(over);
  return { ...state, hops: currentHops(state.hops, { ...state, answered }) };
};

const asConnected = (over: Partial<IntranetState>): IntranetState =>
  disconnected({
    phase: "connected",
    mode: "proxy",
    clientIp: "10.77.0.12",
    accessPoint: { id: "ap-frankfurt", name: "Frankfurt", endpoint: "198.51.100.7:51820", latencyMs: 12.3 },
    session: session(),
    hops: wholeChain(),
    socks: "127.0.0.1:41080",
    http: "127.0.0.1:41081",
    pac: "http://127.0.0.1:41081/proxy.pac",
    pid: 4242,
    rxBytes: 1_000_000,
    txBytes: 200_000,
    ...over,
  });

/** Host settings in system mode. */
export const guarded = (guard: Partial<KillSwitchView> = {}, names: Partial<NamesView> = {}): MachineView => ({
  routes: ["10.0.0.0/24 dev sag0", "10.1.0.0/16 dev sag0", "10.2.0.0/16 dev sag0"],
  rules: [],
  names: {
    backend: "systemd-resolved",
    servers: ["10.0.0.53"],
    domains: ["contoso.example", "contoso.test", "0.0.10.in-addr.arpa"],
    everything: false,
    searchDomains: [],
    trouble: null,
    ...names,
  },
  guard: {
    blocking: "intranet",
    prefixes: ["10.0.0.0/24", "10.1.0.0/16", "10.2.0.0/16"],
    domains: ["contoso.example", "contoso.test"],
    lockdown: false,
    portalLeftMs: null,
    dropped: 3,
    ...guard,
  },
});

export const failed = (code: CauseCode, over: Partial<IntranetState> = {}): IntranetState =>
  disconnected({ phase: "failed", cause: failureView(code), ...over });

/** Lockdown as shown to a user who may not turn it off. */
export const locked = (over: Partial<LockdownView> = {}): LockdownView => ({
  by: "administrator",
  sinceMs: (2 * 60 + 14) * 60_000,
  portal: null,
  mayLift: false,
  mayOpenPortal: true,
  ...over,
});
