import type { BlockingWord, IntranetState } from "../../../electron/core/model.ts";
import { words } from "../../i18n/en.ts";

/** One line of what the tunnel means for this computer. */
export interface GuardLine {
  kind: "mode" | "held" | "names" | "trouble" | "lift";
  text: string;
}

/** Told by name; the rest is counted. */
const named = 2;

/** What is really different on this machine now, as the machine was found; not as it was meant to be. */
export const guardLines = (state: IntranetState, up: boolean): GuardLine[] => [
  ...modeLine(state, up),
  ...heldLines(state, up),
  ...(up ? namesLines(state) : []),
];

/** Nothing but disconnecting is needed to open what is held back, and there is no other button for it here. */
export const canLift = (state: IntranetState, up: boolean): boolean =>
  state.blocking !== "none" && !up && !state.lockdown && (state.phase === "failed" || state.phase === "disconnected");

const modeLine = ({ mode }: IntranetState, up: boolean): GuardLine[] =>
  up && mode ? [{ kind: "mode", text: words.guard.mode[mode] }] : [];

/**
 * A tunnel that is up blocks nothing: what is held back then is what would leave beside it, as the kernel was found. Without one it
 * is what does not get through.
 */
const heldBack = ({ blocking, machine }: IntranetState, up: boolean): BlockingWord =>
  up && machine ? (machine.guard?.blocking ?? "none") : blocking;

const heldLines = (state: IntranetState, up: boolean): GuardLine[] => {
  const { mode, lockdown } = state;
  const blocking = heldBack(state, up);
  const text = words.guard;
  // That has a place of its own, with what can be done.
  if (lockdown) return [];
  if (blocking === "none") {
    if (up && mode === "proxy") return [];
    return [{ kind: "held", text: up ? text.noneUp : text.none }];
  }
  const sentence = up ? text.held[blocking] : text.heldDown[blocking];
  return [{ kind: "held", text: sentence }, ...whatLine(state, up), ...liftLines(state, up)];
};

/** The addresses, while somebody may wonder why they do not answer. */
const whatLine = ({ blocking, machine }: IntranetState, up: boolean): GuardLine[] => {
  const prefixes = machine?.guard?.prefixes ?? [];
  if (up || blocking !== "intranet" || prefixes.length === 0) return [];
  return [{ kind: "held", text: words.guard.what(few(prefixes)) }];
};

const liftLines = (state: IntranetState, up: boolean): GuardLine[] =>
  up || canLift(state, up) ? [] : [{ kind: "lift", text: words.guard.lift }];

const namesLines = ({ machine }: IntranetState): GuardLine[] => {
  const names = machine?.names;
  if (!names) return [];
  const domains = names.domains.filter((domain) => !/\.arpa\.?$/.test(domain));
  const lines: GuardLine[] = [];
  if (names.everything) lines.push({ kind: "names", text: words.guard.allNames });
  else if (domains.length > 0) lines.push({ kind: "names", text: words.guard.names(few(domains)) });
  if (names.trouble) lines.push({ kind: "trouble", text: words.guard.namesTrouble(names.trouble) });
  return lines;
};

const few = (all: string[]): string =>
  all.length <= named ? all.join(", ") : words.guard.more(all.slice(0, named).join(", "), all.length - named);
