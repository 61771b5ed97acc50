import type { GuardView, IntranetState, LockdownView, MachineView, NamesView, PhaseWord } from "../core/model.ts";

/** States in words for a terminal. */
const phaseWords: Record<PhaseWord, string> = {
  signed_out: "Signed out",
  signing_in: "Signing in",
  disconnected: "Disconnected",
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  disconnecting: "Disconnecting",
  failed: "Not connected",
};

type Tone = "good" | "caution" | "stopped" | "quiet";
const colours: Record<Tone, string> = { good: "32", caution: "33", stopped: "31", quiet: "2" };

export type Paint = (tone: Tone, text: string) => string;

/** Tones in colour where there may be colour; the words say the same without. */
export const painter =
  (colour: boolean): Paint =>
  (tone, text) =>
    colour ? `\u001b[${colours[tone]}m${text}\u001b[0m` : text;

export function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function latency(ms: number | null): string | null {
  if (ms === null) return null;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

type Part = string | null | undefined | false;

const joined = (parts: Part[]): string => parts.filter(Boolean).join(" · ");

const listed = (parts: Part[]): string =>
  new Intl.ListFormat("en-GB").format(parts.filter((part) => typeof part === "string"));

/** "3 domains", or nothing of none. */
const counted = ({ length }: string[], one: string, many: string): string | null =>
  length === 0 ? null : `${length} ${length === 1 ? one : many}`;

/** Of more routes than these only some are shown; --json has them all. */
const shownRoutes = 16;

/** System mode: what is ours on the machine, as it was found. */
function machineLines({ routes, rules, names, guard }: MachineView, lockdownIsTold: boolean): string[] {
  const lines: string[] = [];
  // What refuses while there is no tunnel lies under every route; here it would only be said twice.
  const ways = routes.filter((route) => !route.startsWith("unreachable "));
  const shown = ways.length > 0 ? ways : routes;
  for (const route of shown.slice(0, shownRoutes)) lines.push(`Route ${route}`);
  if (shown.length > shownRoutes) lines.push(`and ${shown.length - shownRoutes} routes more`);
  for (const rule of rules) lines.push(`Rule ${rule}`);
  if (names) lines.push(...namesLines(names));
  if (guard) lines.push(...guardLines(lockdownIsTold ? { ...guard, lockdown: false, portalLeftMs: null } : guard));
  return lines;
}

function guardLines({ prefixes, domains, lockdown, portalLeftMs, dropped }: GuardView): string[] {
  const lines: string[] = [];
  const held = listed([counted(prefixes, "prefix", "prefixes"), counted(domains, "domain", "domains")]);
  if (held) lines.push(`Guard: ${held} leave by the tunnel or not at all · ${dropped} packets held back`);
  if (lockdown) lines.push("Lockdown: nothing leaves this machine but the tunnel");
  if (portalLeftMs !== null) lines.push(`A captive portal can be reached for ${Math.ceil(portalLeftMs / 1_000)} s`);
  return lines;
}

const lockers = { administrator: "set by an administrator", policy: "set by the intranet's policy" } as const;

/** The machine's lockdown: who wants it, since when, and what can be done. Only root and the group sag-admin may lift it. */
export function lockdownLines({ by, sinceMs, portal, mayLift, mayOpenPortal }: LockdownView, paint: Paint): string[] {
  const since = sinceMs === null ? null : `in force for ${span(sinceMs)}`;
  const about = [by && lockers[by], since].filter(Boolean).join(", ");
  const sudo = (may: boolean): string => (may ? "" : "sudo ");
  const way = portal
    ? `A captive portal can be reached by ${portal.link} for ${Math.ceil(portal.leftMs / 1_000)} s more`
    : `At a network that wants a sign-in of its own first: ${sudo(mayOpenPortal)}sag lockdown portal`;
  return [
    `${paint("stopped", "Lockdown: nothing leaves this machine but the tunnel")}${about ? ` (${about})` : ""}`,
    `  ${mayLift ? "You may lift it" : "It takes an administrator to lift it"}: ${sudo(mayLift)}sag lockdown off`,
    `  ${way}`,
  ];
}

/** Of more domains than these only some are shown; of reverse zones, which nobody types, none. */
const shownDomains = 4;
const isReverse = (domain: string): boolean => /\.arpa\.?$/.test(domain);

function namesLines({ backend, servers, domains, everything, trouble }: NamesView): string[] {
  if (trouble) return [`Names: ${trouble}`];
  const forward = domains.filter((domain) => !isReverse(domain));
  const more = forward.length - shownDomains;
  const which = listed([
    ...forward.slice(0, shownDomains),
    more > 0 && `${more} more`,
    counted(domains.filter(isReverse), "reverse zone", "reverse zones"),
  ]);
  return [`Names ${everything ? "(all)" : which} are asked at ${servers.join(", ")} · ${backend}`];
}

/** Bytes per second, as they were since the last look. */
export interface Rates {
  rx: number;
  tx: number;
}

/** One intranet for people, several lines. */
export function stateLines(state: IntranetState, paint: Paint, rates?: Rates): string[] {
  const tone: Tone =
    state.phase === "connected"
      ? state.warnings.length > 0
        ? "caution"
        : "good"
      : state.phase === "failed"
        ? "stopped"
        : "quiet";
  const since = state.phase === "connected" && state.session ? span(state.session.sinceMs) : null;
  const lines = [joined([paint(tone, phaseWords[state.phase]), since])];
  if (state.cause) lines.push(`${state.cause.message} ${state.cause.action}`.trim(), paint("quiet", state.cause.cause));
  const where = joined([
    state.clientIp,
    state.accessPoint?.name || state.accessPoint?.id,
    latency(state.accessPoint?.latencyMs ?? null),
  ]);
  if (where) lines.push(where);
  if (state.socks)
    lines.push(joined([`SOCKS ${state.socks}`, state.http && `HTTP ${state.http}`, state.pac && `PAC ${state.pac}`]));
  if (state.session) {
    const now = (rate: number | undefined): string => (rate === undefined ? "" : ` (${bytes(rate)}/s)`);
    lines.push(`Received ${bytes(state.rxBytes)}${now(rates?.rx)} · sent ${bytes(state.txBytes)}${now(rates?.tx)}`);
  }
  if (state.hops.length > 0) {
    lines.push(state.hops.map((hop) => (hop.whole ? hop.name : paint("caution", `${hop.name} (!)`))).join(" ─ "));
  }
  for (const warning of state.warnings) lines.push(paint("caution", `! ${warning.message}`));
  if (state.blocking !== "none")
    lines.push(
      `Blocked: ${state.blocking === "all" ? "everything but the tunnel" : "the intranet outside of the tunnel"}`,
    );
  if (state.machine) lines.push(...machineLines(state.machine, state.lockdown !== null));
  if (state.notice) lines.push(`Your administrator says: ${state.notice}`);
  const head = `${state.intranet}  ${paint("quiet", `${state.userName} at ${state.server}`)}`;
  return [head, ...lines.map((line) => `  ${line}`)];
}
