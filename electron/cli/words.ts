import { hopState } from "../../common/hop-state.ts";
import { texts } from "../../common/text/cli.ts";
import { shownState, type Tone, toneOf } from "../../common/tone.ts";
import { commandView } from "../core/causes/failure.ts";
import type {
  HopView,
  IntranetState,
  KillSwitchView,
  LockdownView,
  MachineView,
  NamesView,
} from "../core/client/model.ts";

const words = texts.cli.status;

const colours: Record<Tone, string> = { good: "32", caution: "33", stopped: "31", progress: "2", neutral: "2" };

export type Paint = (tone: Tone, text: string) => string;

/** Colours text by tone where colour is allowed; the text alone says the same. */
export const painter =
  (colour: boolean): Paint =>
  (tone, text) =>
    colour ? `\u001b[${colours[tone]}m${text}\u001b[0m` : text;

type Part = string | null | undefined | false;

const joined = (parts: Part[]): string => parts.filter(Boolean).join(" · ");

/** At most this many routes are shown; --json has all. */
const shownRoutes = 16;

/** System mode: our routes, rules, DNS settings and kill switch, as found on the host. */
function machineLines({ routes, rules, names, guard }: MachineView, lockdownIsTold: boolean): string[] {
  const lines: string[] = [];
  // Leaves out the unreachable routes that back up the tunnel's routes: each repeats the prefix of another route.
  const ways = routes.filter((route) => !route.startsWith("unreachable "));
  const shown = ways.length > 0 ? ways : routes;
  for (const route of shown.slice(0, shownRoutes)) lines.push(words.route(route));
  if (shown.length > shownRoutes) lines.push(words.moreRoutes(shown.length - shownRoutes));
  for (const rule of rules) lines.push(words.rule(rule));
  if (names) lines.push(...namesLines(names));
  if (guard) lines.push(...killSwitchLines(lockdownIsTold ? { ...guard, lockdown: false, portalLeftMs: null } : guard));
  return lines;
}

function killSwitchLines({ prefixes, domains, lockdown, portalLeftMs, dropped }: KillSwitchView): string[] {
  const lines: string[] = [];
  if (prefixes.length + domains.length > 0) lines.push(words.killSwitch(prefixes.length, domains.length, dropped));
  if (lockdown) lines.push(words.lockdown);
  if (portalLeftMs !== null) lines.push(words.portalFor(portalLeftMs));
  return lines;
}

/** Lockdown: who turned it on, since when, and the commands. Only root and the group sag-admin may turn it off. */
export function lockdownLines({ by, sinceMs, portal, mayLift, mayOpenPortal }: LockdownView, paint: Paint): string[] {
  const { lockdown } = texts.cli;
  const since = sinceMs === null ? null : lockdown.inForce(sinceMs);
  const about = [by && lockdown.by[by], since].filter(Boolean).join(", ");
  const command = (action: string, may: boolean): string => `${may ? "" : "sudo "}sag lockdown ${action}`;
  const way = portal
    ? lockdown.portalOpen(portal.link, portal.leftMs)
    : lockdown.portal(command("portal", mayOpenPortal));
  return [
    `${paint("stopped", lockdown.title)}${about ? ` (${about})` : ""}`,
    `  ${lockdown.lift(mayLift, command("off", mayLift))}`,
    `  ${way}`,
  ];
}

/** At most this many domains are shown; reverse zones are left out. */
const shownDomains = 4;
const isReverse = (domain: string): boolean => /\.arpa\.?$/.test(domain);

function namesLines({ backend, servers, domains, everything, trouble }: NamesView): string[] {
  if (trouble) return [words.namesTrouble(trouble)];
  const forward = domains.filter((domain) => !isReverse(domain));
  const shown = forward.slice(0, shownDomains);
  const which = words.domains(shown, forward.length - shown.length, domains.length - forward.length);
  return [words.names(backend, servers, everything ? null : which)];
}

/** Bytes per second since the previous update. */
export interface Rates {
  rx: number;
  tx: number;
}

/** Several lines of text about one intranet. */
export function stateLines(state: IntranetState, paint: Paint, rates?: Rates): string[] {
  const isUp = state.phase === "connected" || state.phase === "reconnecting";
  const since = state.phase === "connected" && state.session ? texts.formats.span(state.session.sinceMs) : null;
  const lines = [joined([paint(toneOf(state), texts.shownStates[shownState(state)]), since])];
  if (state.cause) {
    const { message, action, cause } = commandView(state.cause, { subject: state.intranet });
    lines.push(`${message} ${action}`.trim(), paint("neutral", cause));
  }
  // Details of a connection that has ended are not shown, because they no longer apply.
  if (isUp) lines.push(...connectionLines(state, paint, rates));
  for (const warning of state.warnings) lines.push(paint("caution", `! ${warning.message}`));
  if (state.blocking !== "none") lines.push(words.blocked[state.blocking]);
  if (state.machine) lines.push(...machineLines(state.machine, state.lockdown !== null));
  if (state.notice) lines.push(words.notice(state.notice));
  const head = `${state.intranet}  ${paint("neutral", words.account(state.userName, state.server))}`;
  return [head, ...lines.map((line) => `  ${line}`)];
}

/**
 * A hop by its name; only the ones that do not work are marked. An access point is named only while it is in use:
 * while reconnecting, several are tried.
 */
function hopText(hop: HopView, phase: IntranetState["phase"], paint: Paint): string {
  const state = hopState(hop);
  const isTried = hop.kind === "access_point" && phase !== "connected";
  const text = words.hop[state](isTried ? texts.hops.access_point : hop.name);
  return state === "whole" ? text : paint(state === "broken" ? "caution" : "neutral", text);
}

/** Addresses, traffic and hops of a tunnel that is connected or reconnecting. */
function connectionLines(state: IntranetState, paint: Paint, rates?: Rates): string[] {
  const lines: string[] = [];
  const point = state.phase === "connected" ? state.accessPoint : null;
  const where = joined([
    state.clientIp,
    point?.name || point?.id,
    point?.latencyMs != null && texts.formats.latency(point.latencyMs),
  ]);
  if (where) lines.push(where);
  if (state.socks)
    lines.push(
      joined([words.socks(state.socks), state.http && words.http(state.http), state.pac && words.pac(state.pac)]),
    );
  if (state.session) {
    lines.push(joined([words.received(state.rxBytes, rates?.rx), words.sent(state.txBytes, rates?.tx)]));
  }
  if (state.refusedPackets > 0) lines.push(words.refused(state.refusedPackets));
  const cap = state.session?.bandwidthKbps;
  if (cap) lines.push(words.limited(cap));
  if (state.hops.length > 0) {
    lines.push(state.hops.map((hop) => hopText(hop, state.phase, paint)).join(" ─ "));
  }
  const search = state.session?.dnsSearchDomains ?? [];
  if (search.length > 0) lines.push(words.searchDomains(search));
  return lines;
}
