import type { ResourceJson } from "#proto/client/v1/session_pb.js";
import type { MachineJson, StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import type { HopJson, WarningJson } from "#proto/types/v1/state_pb.js";
import { texts } from "../../../common/text/index.ts";
import { failureView, plainText } from "../causes/failure.ts";
import { warningTable, warningView } from "../causes/warnings.ts";
import { durationMs, failureFromWire, wordOf } from "../causes/wire.ts";
import type {
  AccessPointView,
  BlockingWord,
  CauseCode,
  FailureView,
  FixerWord,
  HopView,
  HopWord,
  IntranetState,
  MachineView,
  PhaseWord,
  ResourceView,
  ResourceWord,
  SessionView,
  WarningView,
  WarningWord,
} from "../client/model.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { currentHops } from "./hops.ts";

const phases = new Set<string>([
  "signed_out",
  "signing_in",
  "disconnected",
  "connecting",
  "connected",
  "reconnecting",
  "disconnecting",
  "failed",
] satisfies PhaseWord[]);
const fixers = new Set<string>(["you", "administrator", "network"] satisfies FixerWord[]);

/** The state of an intranet without a tunnel. */
export function restingState(record: IntranetRecord, phase: PhaseWord, cause?: CauseCode): IntranetState {
  return {
    intranet: record.name,
    intranetId: record.id,
    displayName: record.displayName,
    userName: record.user,
    server: record.server,
    phase,
    cause: cause ? failureView(cause) : null,
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
  };
}

/** Converts a state from sag-tunnel. Every field may be missing or malformed. */
export function tunnelState(record: IntranetRecord, json: StateJson): IntranetState {
  const phase = wordOf(json.phase, "PHASE_");
  const mode = wordOf(json.mode, "MODE_");
  const session = sessionView(json);
  const known = phase !== null && phases.has(phase) ? (phase as PhaseWord) : "failed";
  const reported = (json.warnings ?? []).map(warning);
  const warnings = untilWhen(dated(reported, record.signInEnds), record.server, session?.leaseLeftMs ?? 0, known);
  const described = (json.hops ?? []).map((one) => hop(one, record)).filter((one) => one !== null);
  const point = accessPointView(json);
  return {
    ...restingState(record, known),
    cause: causeView(json, known, warnings),
    blocking: blockingWord(json.blocking),
    mode: mode === "proxy" || mode === "system" ? mode : null,
    clientIp: session ? clientIp(session.addresses) : null,
    accessPoint: point,
    session,
    warnings,
    hops: currentHops(described, { phase: known, accessPoint: point, warnings, answered: json.answered ?? false }),
    socks: json.proxy?.socks || null,
    http: json.proxy?.http || null,
    pac: json.proxy?.pac || null,
    machine: json.machine ? machineView(json.machine) : null,
    pid: json.pid || null,
    rxBytes: Number(json.traffic?.rxBytes ?? 0),
    txBytes: Number(json.traffic?.txBytes ?? 0),
    refusedPackets: Number(json.traffic?.refusedPackets ?? 0),
    notice: plainText(json.message ?? "") || null,
  };
}

/**
 * The cause. While reconnecting, sag-tunnel reports access_point_unreachable after all access points were tried, so
 * the message must not name one of them.
 */
function causeView(json: StateJson, phase: PhaseWord, warnings: WarningView[]): FailureView | null {
  if (!json.cause) return null;
  const { view } = failureFromWire(json.cause, plainText(json.accessPoint?.name ?? "") || undefined);
  if (phase !== "reconnecting") return view;
  if (view.cause !== "access_point_unreachable") {
    return { ...view, action: texts.whileReconnecting[view.cause] ?? view.action };
  }
  return noneAnswers(warnings.some((one) => one.code === "instance_unreachable"));
}

/** `norServer`: the cloud instance does not answer either, so the local network is the likely cause. */
export function noneAnswers(norServer: boolean): FailureView {
  const view = failureView("access_point_unreachable");
  if (norServer) return { ...view, ...texts.noneAnswers.nothing };
  return { ...view, fixer: "administrator", ...texts.noneAnswers.accessPoints };
}

function accessPointView({ accessPoint }: StateJson): AccessPointView | null {
  if (!accessPoint?.id) return null;
  return {
    id: accessPoint.id,
    name: plainText(accessPoint.name ?? ""),
    endpoint: accessPoint.endpoint ?? "",
    latencyMs: fractionMs(accessPoint.latency),
  };
}

function blockingWord(json: unknown): BlockingWord {
  const word = wordOf(json, "BLOCKING_");
  return word === "intranet" || word === "all" ? word : "none";
}

function machineView({ routes, rules, names, guard }: MachineJson): MachineView {
  const texts = (list: string[] | undefined): string[] => (list ?? []).map((text) => plainText(text));
  return {
    routes: texts(routes),
    rules: texts(rules),
    names: names
      ? {
          backend: plainText(names.backend ?? ""),
          servers: texts(names.servers),
          domains: texts(names.domains),
          everything: names.everything ?? false,
          searchDomains: texts(names.searchDomains),
          trouble: plainText(names.trouble ?? "") || null,
        }
      : null,
    guard: guard
      ? {
          blocking: blockingWord(guard.blocking),
          prefixes: texts(guard.prefixes),
          domains: texts(guard.domains),
          lockdown: guard.lockdown ?? false,
          portalLeftMs: durationMs(guard.portalLeft) ?? null,
          dropped: Number(guard.dropped ?? 0),
        }
      : null,
  };
}

function sessionView({ session }: StateJson): SessionView | null {
  if (!session?.sessionId) return null;
  return {
    id: session.sessionId,
    sinceMs: durationMs(session.since) ?? 0,
    leaseMs: durationMs(session.lease) ?? 0,
    leaseLeftMs: durationMs(session.leaseLeft) ?? 0,
    renewals: session.renewals ?? 0,
    addresses: session.addresses ?? [],
    routes: session.routes ?? [],
    dnsServers: session.dns?.servers ?? [],
    dnsDomains: session.dns?.domains ?? [],
    dnsSearchDomains: session.dns?.searchDomains ?? [],
    keyExchange: session.keyExchange ?? "",
    presharedKey: session.presharedKey ?? false,
    mtu: session.mtu ?? 0,
    handshakeAgeMs: durationMs(session.handshakeAge) ?? null,
    bandwidthKbps: session.bandwidthKbps || null,
    resources: (session.resources ?? []).map(resource),
  };
}

const resourceKinds = new Set<string>([
  "other",
  "web",
  "ssh",
  "rdp",
  "vnc",
  "files",
  "database",
] satisfies ResourceWord[]);

function resource({ name, kind, address }: ResourceJson): ResourceView {
  const word = wordOf(kind, "RESOURCE_KIND_");
  return {
    name: plainText(name ?? "", 64),
    kind: word !== null && resourceKinds.has(word) ? (word as ResourceWord) : "other",
    address: plainText(address ?? "", 512),
  };
}

/** Prefers the IPv4 address, which users recognise more easily. */
function clientIp(addresses: string[]): string | null {
  const bare = addresses.map((address) => address.split("/")[0] ?? "");
  return bare.find((address) => address.includes(".")) ?? bare[0] ?? null;
}

/** ms, with fractions. */
function fractionMs(duration: string | undefined): number | null {
  const value = Number.parseFloat(duration ?? "");
  return Number.isFinite(value) ? Math.round(value * 100_000) / 100 : null;
}

function warning(json: WarningJson): WarningView {
  const code = wordOf(json.code, "WARNING_CODE_");
  const known = code !== null && Object.hasOwn(warningTable, code) ? (code as WarningWord) : "unknown";
  const fixer = wordOf(json.fixer, "FIXER_");
  return warningView(known, {
    hop: hopWord(json.hop),
    fixer: fixer !== null && fixers.has(fixer) ? (fixer as FixerWord) : null,
    ...(json.text ? { text: json.text } : {}),
  });
}

/** How long before the end of a sign-in the warning is shown, ms. */
const soon = 3 * 86_400_000;

/**
 * Adds the time to the warning that the sign-in ends. A session only has the end as of its start, so the warning is
 * dropped if the user has signed in again since.
 */
function dated(warnings: WarningView[], ends: number | undefined): WarningView[] {
  if (ends === undefined) return warnings;
  const left = ends - Date.now();
  return warnings
    .filter((one) => one.code !== "expires_soon" || left <= soon)
    .map((one) => (one.code === "expires_soon" ? { ...one, message: texts.warningDetails.signInEnds(ends) } : one));
}

/** Without the cloud a session lasts until its lease ends; the warning gives the time of day. */
function untilWhen(warnings: WarningView[], server: string, leaseLeftMs: number, phase: PhaseWord): WarningView[] {
  const now = new Date();
  const until = leaseLeftMs > 0 ? new Date(now.getTime() + leaseLeftMs) : null;
  const message = texts.warningDetails.serverAway(server, phase === "connected", now, until);
  return warnings.map((one) => (one.code === "instance_unreachable" ? { ...one, message } : one));
}

/** A hop. One without a name is called by the intranet's name, or by its kind and id. */
function hop(json: HopJson, { displayName }: IntranetRecord): HopView | null {
  const kind = hopWord(json.kind);
  if (!kind) return null;
  const id = plainText(json.id ?? "", 64);
  const unnamed = kind === "client" ? texts.hops[kind] : `${texts.hops[kind]} ${id}`.trim();
  return {
    kind,
    id: json.id ?? "",
    name: plainText(json.name ?? "", 256) || (kind === "instance" && displayName) || unnamed,
    whole: json.whole ?? false,
    missing: json.missing ? warning(json.missing) : null,
  };
}

function hopWord(json: unknown): HopWord | null {
  const word = wordOf(json, "HOP_KIND_");
  return word !== null && Object.hasOwn(texts.hops, word) ? (word as HopWord) : null;
}
