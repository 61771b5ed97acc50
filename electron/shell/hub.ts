import { randomUUID } from "node:crypto";
import type {
  BrowserSetting,
  Change,
  Delta,
  FailureView,
  IntranetView,
  Lockdown,
  PageName,
  Preferences,
  ResourceView,
  Snapshot,
  TrafficPoint,
} from "../bridge.ts";
import type { ClientEvent } from "../core/client/client.ts";
import type { IntranetState, LockdownView } from "../core/client/model.ts";
import { labelsOf } from "./labels.ts";
import { TrafficHistory } from "./traffic.ts";

export interface HubOptions {
  version: string;
  platform: string;
  preferences: Preferences;
  browsers: BrowserSetting;
  /** The intranet chosen last time; it may no longer exist. */
  selected: string | null;
  /** ms since the epoch. */
  now: () => number;
}

/**
 * The state that the window, the tray and the notifications show: one snapshot, then deltas with a revision. It is
 * kept up to date without a window too.
 */
export class Hub {
  readonly epoch = randomUUID();
  #revision = 0;
  readonly #options: HubOptions;
  readonly #views = new Map<string, IntranetView>();
  readonly #traffic = new TrafficHistory();
  readonly #listeners = new Set<(delta: Delta, before: IntranetState | null) => void>();
  #selected: string | null;
  #preferences: Preferences;
  #browsers: BrowserSetting;
  #lockdown: Lockdown | null = null;
  #invitation: string | null = null;
  #page: PageName | null = null;
  readonly #ready = Promise.withResolvers<void>();

  constructor(options: HubOptions) {
    this.#options = options;
    this.#selected = options.selected;
    this.#preferences = options.preferences;
    this.#browsers = options.browsers;
  }

  /** Resolves when core has reported the states; nothing is shown before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** `before`: the previous state, for changes of an intranet. */
  subscribe(listener: (delta: Delta, before: IntranetState | null) => void): void {
    this.#listeners.add(listener);
  }

  get preferences(): Preferences {
    return this.#preferences;
  }

  get browsers(): BrowserSetting {
    return this.#browsers;
  }

  get states(): IntranetState[] {
    return [...this.#views.values()].map((view) => view.state);
  }

  state(intranetId: string): IntranetState | null {
    return this.#views.get(intranetId)?.state ?? null;
  }

  /** The displayed name of an intranet, distinct from others with the same name. */
  readonly label = (intranetId: string): string => this.#views.get(intranetId)?.label ?? "";

  get isLocked(): boolean {
    return this.#lockdown !== null;
  }

  /** The intranet that window and tray show: the chosen one, or else the first. */
  get selected(): string | null {
    if (this.#selected !== null && this.#views.has(this.#selected)) return this.#selected;
    return this.#views.keys().next().value ?? null;
  }

  /** Returns the state and clears the pending invitation and page, because each is shown once. */
  snapshot(): Snapshot {
    const snapshot: Snapshot = {
      epoch: this.epoch,
      revision: this.#revision,
      version: this.#options.version,
      platform: this.#options.platform,
      intranets: [...this.#views.values()],
      selected: this.selected,
      preferences: this.#preferences,
      browsers: this.#browsers,
      lockdown: this.#lockdown,
      traffic: this.#traffic.all(),
      invitation: this.#invitation,
      page: this.#page,
    };
    this.#invitation = null;
    this.#page = null;
    return snapshot;
  }

  apply(event: ClientEvent): void {
    if (event.kind === "changed") this.#put(event.state);
    else if (event.kind === "removed") this.#remove(event.intranetId);
    else if (event.kind === "lockdown") this.#lock(event.lockdown);
    else this.#replace(event.states);
  }

  /** Converts ages to points in time, so that the window can count by itself. */
  #lock(lockdown: LockdownView | null): void {
    const now = this.#options.now();
    this.#lockdown = lockdown && {
      by: lockdown.by,
      since: lockdown.sinceMs === null ? null : now - lockdown.sinceMs,
      portal: lockdown.portal && { link: lockdown.portal.link, until: now + lockdown.portal.leftMs },
      mayLift: lockdown.mayLift,
      mayOpenPortal: lockdown.mayOpenPortal,
    };
    this.#emit({ kind: "lockdown", lockdown: this.#lockdown });
  }

  #replace(states: IntranetState[]): void {
    const present = new Set(states.map((state) => state.intranetId));
    for (const id of [...this.#views.keys()]) if (!present.has(id)) this.#remove(id);
    for (const state of states) this.#put(state);
    this.#ready.resolve();
  }

  resources(intranetId: string): ResourceView[] {
    return this.#views.get(intranetId)?.resources ?? [];
  }

  /** Shows why a disconnect did not work, which the state does not say while the tunnel is up. */
  refuse(intranetId: string, refused: FailureView | null): void {
    const view = this.#views.get(intranetId);
    if (!view || view.refused === refused) return;
    this.#views.set(intranetId, { ...view, refused });
    this.#emitView(intranetId);
  }

  dismissNotice(intranetId: string): void {
    const state = this.state(intranetId);
    if (state) this.#put({ ...state, notice: null });
  }

  select(intranetId: string): void {
    this.#selected = intranetId;
    this.#emit({ kind: "selected", intranetId });
  }

  setPreferences(preferences: Preferences): void {
    this.#preferences = preferences;
    this.#emit({ kind: "preferences", preferences });
  }

  setBrowsers(browsers: BrowserSetting): void {
    this.#browsers = browsers;
    this.#emit({ kind: "browsers", browsers });
  }

  /** @param waits there is no window to receive the delta, so keep it for the next snapshot. */
  offer(invitation: string, waits: boolean): void {
    if (waits) this.#invitation = invitation;
    this.#emit({ kind: "invitation", invitation });
  }

  show(page: PageName, waits: boolean): void {
    if (waits) this.#page = page;
    this.#emit({ kind: "page", page });
  }

  #put(state: IntranetState): void {
    const known = this.#views.get(state.intranetId);
    const label = known?.label ?? state.displayName;
    const since = this.#since(known, state);
    const refused = known?.state.phase === state.phase ? known.refused : null;
    this.#views.set(state.intranetId, { state, label, resources: resourcesOf(state), since, refused });
    const others = this.#relabel().filter((id) => id !== state.intranetId);
    const traffic = this.#traffic.note(state, this.#options.now());
    this.#emitView(state.intranetId, traffic, known?.state ?? null);
    for (const id of others) this.#emitView(id);
  }

  /** Updates all labels; returns the ids of intranets whose label has changed. */
  #relabel(): string[] {
    const labels = labelsOf(this.states);
    const changed = [...this.#views].filter(([id, view]) => view.label !== labels.get(id));
    for (const [id, view] of changed) this.#views.set(id, { ...view, label: labels.get(id) ?? view.label });
    return changed.map(([id]) => id);
  }

  #emitView(intranetId: string, traffic: TrafficPoint | null = null, before = this.state(intranetId)): void {
    const intranet = this.#views.get(intranetId);
    if (intranet) this.#emit({ kind: "intranet", intranet, traffic }, before);
  }

  #remove(intranetId: string): void {
    const before = this.state(intranetId);
    this.#views.delete(intranetId);
    this.#traffic.forget(intranetId);
    this.#emit({ kind: "removed", intranetId }, before);
    for (const id of this.#relabel()) this.#emitView(id);
    this.#emit({ kind: "selected", intranetId: this.selected });
  }

  /**
   * When the tunnel last came up. Computed once, because the age in each message would give slightly different times.
   */
  #since(known: IntranetView | undefined, state: IntranetState): number | null {
    if (!state.session) return null;
    const isBack = state.phase === "connected" && known?.state.phase !== "connected";
    if (!isBack && known?.since != null && known.state.session?.id === state.session.id) return known.since;
    return this.#options.now() - state.session.sinceMs;
  }

  #emit(change: Change, before: IntranetState | null = null): void {
    this.#revision += 1;
    const delta: Delta = { epoch: this.epoch, revision: this.#revision, change };
    for (const listener of this.#listeners) listener(delta, before);
  }
}

/** The published resources. Only http and https URLs can be opened; everything else is shown as text. */
const resourcesOf = (state: IntranetState): ResourceView[] =>
  (state.session?.resources ?? []).map(({ name, kind, address }, index) => {
    const opens = kind === "web" && /^https?:$/.test(URL.parse(address)?.protocol ?? "");
    return { id: `${index}`, name, kind, address, opens };
  });
