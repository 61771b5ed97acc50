import { create } from "zustand";
import type { IntranetView, PageName, Snapshot } from "../../electron/bridge.ts";
import { bridge } from "./bridge.ts";
import { type Expectation, expecting, settled } from "./expected.ts";
import { applied } from "./snapshot.ts";

export type Page = PageName | "sign_in";

interface State {
  snapshot: Snapshot | null;
  page: Page;
  expected: Record<string, Expectation>;
  /** What the add page begins with: a link that came from outside. */
  invitation: string | null;
  go(page: Page): void;
}

/** The window's state. Main's state is authoritative; only the current page and what is expected are kept here. */
export const useStore = create<State>()((set) => ({
  snapshot: null,
  page: "main",
  expected: {},
  invitation: null,
  go: (page) => set({ page, ...(page === "add" ? {} : { invitation: null }) }),
}));

/** Deltas that came but are not drawn yet, as the snapshot they make. */
let pending: Snapshot | null = null;
/** ms that deltas are gathered before they are drawn: a frame. */
const frame = 16;

/** One snapshot, then deltas; whenever they do not fit together, a new snapshot. */
export const start = async (): Promise<void> => {
  bridge.onDelta((delta) => {
    const base = pending ?? useStore.getState().snapshot;
    if (!base) return;
    const next = applied(base, delta);
    if (!next) return void refresh();
    // A timer, not a frame of the screen's: a hidden window has none.
    if (!pending) setTimeout(drawPending, frame);
    pending = next;
  });
  await refresh();
};

const drawPending = (): void => {
  if (pending) take(pending);
  pending = null;
};

let refreshing = false;
const refresh = async (): Promise<void> => {
  if (refreshing) return;
  refreshing = true;
  const answer = await bridge.call("snapshot");
  refreshing = false;
  pending = null;
  if (answer.ok) take(answer.value);
};

const take = (snapshot: Snapshot): void => {
  const { invitation, page } = snapshot;
  useStore.setState((state) => ({
    snapshot: { ...snapshot, invitation: null, page: null },
    expected: unsettled(state.expected, snapshot),
    ...(page ? { page } : {}),
    ...(invitation ? { page: "add" as const, invitation } : {}),
  }));
};

const unsettled = (expected: Record<string, Expectation>, snapshot: Snapshot): Record<string, Expectation> => {
  const over = (id: string, expectation: Expectation): boolean => {
    const state = snapshot.intranets.find((view) => view.state.intranetId === id)?.state;
    return !state || settled(state.phase, expectation);
  };
  if (!Object.entries(expected).some(([id, expectation]) => over(id, expectation))) return expected;
  return Object.fromEntries(Object.entries(expected).filter(([id, expectation]) => !over(id, expectation)));
};

/** The intranet the window shows. */
export const selectedView = (snapshot: Snapshot): IntranetView | null =>
  snapshot.intranets.find((view) => view.state.intranetId === snapshot.selected) ?? snapshot.intranets[0] ?? null;

/** Connect or disconnect: shown at once as what it is going to be, and taken back when nothing confirms it. */
export const dial = (view: IntranetView, to: "connecting" | "disconnecting"): void => {
  const { intranetId, phase } = view.state;
  const expectation = expecting(phase, to, Date.now());
  useStore.setState(({ expected }) => ({ expected: { ...expected, [intranetId]: expectation } }));
  setTimeout(() => drop(intranetId, expectation), expectation.until - Date.now());
  const call = to === "connecting" ? "connect" : "disconnect";
  void bridge.call(call, { intranetId }).catch(() => drop(intranetId, expectation));
};

const drop = (intranetId: string, expectation: Expectation): void =>
  useStore.setState(({ expected }) => {
    if (expected[intranetId] !== expectation) return {};
    const { [intranetId]: _, ...rest } = expected;
    return { expected: rest };
  });
