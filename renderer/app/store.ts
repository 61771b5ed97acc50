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
  /** The link from outside that the add page starts with. */
  invitation: string | null;
  go(page: Page): void;
}

/** The window's state. Main's state is authoritative; only the current page and the expected phases are kept here. */
export const useStore = create<State>()((set) => ({
  snapshot: null,
  page: "main",
  expected: {},
  invitation: null,
  go: (page) => set({ page, ...(page === "add" ? {} : { invitation: null }) }),
}));

/** The received deltas that are not rendered yet, applied to the snapshot. */
let pending: Snapshot | null = null;
/** Deltas received within this time are rendered together, ms: about one frame. */
const frame = 16;

/** Requests a snapshot and applies deltas; requests a new one whenever they do not match. */
export const start = async (): Promise<void> => {
  bridge.onDelta((delta) => {
    const base = pending ?? useStore.getState().snapshot;
    if (!base) return;
    const next = applied(base, delta);
    if (!next) return void refresh();
    // A timer instead of requestAnimationFrame, which does not run in a hidden window.
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
    const view = snapshot.intranets.find((one) => one.state.intranetId === id);
    return !view || view.refused !== null || settled(view.state.phase, expectation);
  };
  if (!Object.entries(expected).some(([id, expectation]) => over(id, expectation))) return expected;
  return Object.fromEntries(Object.entries(expected).filter(([id, expectation]) => !over(id, expectation)));
};

/** The intranet that the window shows. */
export const selectedView = (snapshot: Snapshot): IntranetView | null =>
  snapshot.intranets.find((view) => view.state.intranetId === snapshot.selected) ?? snapshot.intranets[0] ?? null;

/** Connects or disconnects. The expected phase is shown at once, and withdrawn if nothing confirms it. */
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
