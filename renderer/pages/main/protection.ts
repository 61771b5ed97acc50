import { texts } from "../../../common/text/window.ts";
import { shownState } from "../../../common/tone.ts";
import type { BlockingWord, IntranetState, PhaseWord } from "../../../electron/bridge.ts";

/** One line about the tunnel's effect on this computer. */
export interface ProtectionLine {
  kind: "mode" | "held" | "names" | "trouble" | "lift";
  text: string;
}

/** This many are named; the others are counted. */
const named = 2;

/** The lines about the host's current settings, as they were found. */
export const protectionLines = (state: IntranetState, up: boolean, inBrowsers = false): ProtectionLine[] => [
  ...modeLine(state, up, inBrowsers),
  ...heldLines(state, up),
  ...(up ? namesLines(state) : []),
];

/**
 * Whether the page needs its own button that ends the blocking by disconnecting: not while connecting, when the main
 * button does that, and not with lockdown, which disconnecting does not end.
 */
export const canLift = (state: IntranetState, up: boolean): boolean =>
  state.blocking !== "none" && !up && !state.lockdown && atRest.has(state.phase);

const atRest = new Set<PhaseWord>(["failed", "disconnected", "signed_out"]);

const modeLine = (state: IntranetState, up: boolean, inBrowsers: boolean): ProtectionLine[] =>
  up && state.mode ? [{ kind: "mode", text: modeText(state, state.mode, inBrowsers) }] : [];

const modeText = (state: IntranetState, mode: "proxy" | "system", inBrowsers: boolean): string => {
  if (shownState(state) !== "connected") return texts.window.protection.noApp;
  return mode === "proxy" && inBrowsers ? texts.window.protection.browsers : texts.window.protection.mode[mode];
};

/**
 * While the tunnel is up, what the kill switch drops outside of it, as found in the kernel. While it is down, what
 * the state reports as blocked.
 */
const heldBack = ({ blocking, machine }: IntranetState, up: boolean): BlockingWord =>
  up && machine ? (machine.guard?.blocking ?? "none") : blocking;

const heldLines = (state: IntranetState, up: boolean): ProtectionLine[] => {
  const { mode, lockdown } = state;
  const blocking = heldBack(state, up);
  const text = texts.window.protection;
  // Lockdown has its own section.
  if (lockdown) return [];
  if (blocking === "none") {
    if (up && mode === "proxy") return [];
    return [{ kind: "held", text: up ? text.noneUp : text.none }];
  }
  const sentence = up ? text.held[blocking] : text.heldDown[blocking];
  return [{ kind: "held", text: sentence }, ...whatLine(state, up), ...liftLines(state, up)];
};

/** The blocked addresses. */
const whatLine = ({ blocking, machine }: IntranetState, up: boolean): ProtectionLine[] => {
  const prefixes = machine?.guard?.prefixes ?? [];
  if (up || blocking !== "intranet" || prefixes.length === 0) return [];
  return [{ kind: "held", text: texts.window.protection.what(few(prefixes)) }];
};

const liftLines = (state: IntranetState, up: boolean): ProtectionLine[] =>
  up || canLift(state, up) ? [] : [{ kind: "lift", text: texts.window.protection.lift }];

const namesLines = ({ machine }: IntranetState): ProtectionLine[] => {
  const names = machine?.names;
  if (!names) return [];
  const domains = names.domains.filter((domain) => !/\.arpa\.?$/.test(domain));
  const lines: ProtectionLine[] = [];
  if (names.everything) lines.push({ kind: "names", text: texts.window.protection.allNames });
  else if (domains.length > 0) lines.push({ kind: "names", text: texts.window.protection.names(few(domains)) });
  if (names.trouble) lines.push({ kind: "trouble", text: texts.window.protection.namesTrouble(names.trouble) });
  return lines;
};

const few = (all: string[]): string =>
  all.length <= named
    ? all.join(", ")
    : texts.window.protection.more(all.slice(0, named).join(", "), all.length - named);
