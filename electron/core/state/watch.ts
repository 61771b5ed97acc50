import { type FSWatcher, watch as watchFiles } from "node:fs";
import { join } from "node:path";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import type { ClientEvent, IntranetState, LockdownView, Watching } from "../client/model.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import type { SettingsFile } from "../settings/settings.ts";
import type { Lockdown } from "../tunnel/lockdown.ts";
import { findSocket, isSessionWanted } from "../tunnel/process.ts";
import { type TunnelStream, watchTunnel } from "../tunnel/rpc.ts";
import { findService, leftBehind } from "../tunnel/service.ts";
import { ServiceWatch } from "../tunnel/service-watch.ts";
import { mergeState } from "./merge.ts";
import type { ProgressStore } from "./progress.ts";

/** Retries, ms: a socket file exists a moment before its process listens. */
const lookAgain = [100, 400, 1_000];
/** Changes to files within this time are handled once, ms. */
const settle = 20;

interface Watched {
  record: IntranetRecord;
  tunnel: StateJson | "dead" | null;
  stream: TunnelStream | null;
  /** The socket that the stream belongs to. */
  socket: string | null;
  files: FSWatcher | null;
  retries: number;
  reported: string;
  /** Whether a look at another program's attempt is due. */
  isCheckDue: boolean;
}

/** How soon the end of another program that was connecting is noticed, ms. */
const attemptCheck = 1_000;

/**
 * Follows all intranets: sag-tunnel's streams, the runtime directories to notice new tunnels, the settings for
 * changes by the other program (app or command line), and lockdown, which does not depend on any tunnel.
 */
export class Watch implements Watching {
  readonly #environment: Environment;
  readonly #lockdownControl: Lockdown;
  readonly #settings: SettingsFile;
  readonly #progress: ProgressStore;
  readonly #listener: (event: ClientEvent) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #config: FSWatcher | null;
  readonly #service: ServiceWatch;
  #lockdown: LockdownView | null = null;
  #looking: Promise<void> = Promise.resolve();
  #attentive: boolean;
  #isOpen = true;
  #isTold = false;
  #snapshotSent = false;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    environment: Environment,
    lockdown: Lockdown,
    settings: SettingsFile,
    progress: ProgressStore,
    listener: (event: ClientEvent) => void,
    attentive: boolean,
  ) {
    this.#environment = environment;
    this.#lockdownControl = lockdown;
    this.#settings = settings;
    this.#progress = progress;
    this.#listener = listener;
    this.#attentive = attentive;
    this.#progress.on("change", this.#tell);
    this.#config = this.#watchDir(environment.configDir, () => this.#read());
    this.#service = new ServiceWatch(environment.serviceDir, () => this.#later(settle, this.#serviceChanged));
    this.#lookAtLockdown();
    this.#read();
  }

  setAttentive(attentive: boolean): void {
    if (attentive === this.#attentive) return;
    this.#attentive = attentive;
    for (const one of this.#watched.values()) if (one.stream) this.#follow(one);
  }

  close(): void {
    this.#isOpen = false;
    this.#progress.off("change", this.#tell);
    this.#config?.close();
    this.#service.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const one of this.#watched.values()) this.#drop(one);
  }

  #read(): void {
    this.#reading = this.#reading.then(async () => {
      if (!this.#isOpen) return;
      try {
        this.#take((await this.#settings.read()).intranets);
      } catch {
        // Not readable at the moment; the current list stays.
      }
    });
  }

  #take(records: IntranetRecord[]): void {
    if (!this.#isOpen) return;
    const ids = new Set(records.map((record) => record.id));
    for (const [id, one] of this.#watched) {
      if (ids.has(id)) continue;
      this.#drop(one);
      this.#watched.delete(id);
      this.#listener({ kind: "removed", intranetId: id });
    }
    for (const record of records) {
      const known = this.#watched.get(record.id);
      if (known) {
        known.record = record;
        this.#tell(record.id);
      } else this.#add(record);
    }
    if (this.#isTold) return;
    this.#isTold = true;
    void this.#snapshot();
  }

  #add(record: IntranetRecord): void {
    const one: Watched = {
      record,
      tunnel: null,
      stream: null,
      socket: null,
      files: null,
      retries: 0,
      reported: "",
      isCheckDue: false,
    };
    // The directory for a new tunnel. One running elsewhere is found by #look, and its stream reports its end.
    one.files = this.#watchDir(join(this.#environment.runtimeDir, record.id), () => {
      // An attempt of another program is a file here, too.
      this.#tell(record.id);
      this.#look(one, 0);
    });
    this.#watched.set(record.id, one);
    this.#look(one, 0);
  }

  /** null: the directory cannot be created, or there are too many watches. The states are still shown. */
  #watchDir(dir: string, onChange: () => void): FSWatcher | null {
    try {
      makePrivateDir(dir, this.#environment.uid);
      const watcher = watchFiles(dir, () => this.#later(settle, onChange));
      watcher.on("error", () => undefined);
      return watcher;
    } catch {
      return null;
    }
  }

  readonly #serviceChanged = (): void => {
    for (const one of this.#watched.values()) this.#look(one, 0);
    this.#lookAtLockdown();
  };

  #lookAtLockdown(): void {
    this.#looking = this.#looking.then(async () => {
      if (!this.#isOpen) return;
      const lockdown = await this.#lockdownControl.view();
      if (!this.#isOpen || sameLockdown(lockdown, this.#lockdown)) return;
      this.#lockdown = lockdown;
      this.#listener({ kind: "lockdown", lockdown });
      for (const id of this.#watched.keys()) this.#tell(id);
    });
  }

  /** Looks for a running sag-tunnel. */
  #look(one: Watched, retries: number): void {
    if (!this.#isOpen || !this.#watched.has(one.record.id)) return;
    // The service's stream stays open without a tunnel, but the user's own tunnel may have started since.
    if (one.stream && one.socket === this.#socketOf(one)) return;
    one.retries = retries;
    this.#follow(one);
  }

  #follow(one: Watched): void {
    one.stream?.close();
    const socket = this.#socketOf(one);
    one.socket = socket;
    if (!socket) {
      this.#lost(one);
      return;
    }
    one.stream = watchTunnel(
      socket,
      { attentive: this.#attentive },
      ({ snapshot, changed }) => {
        one.retries = 0;
        const states = [...(snapshot?.states ?? []), ...(changed ? [changed] : [])];
        const mine = states.findLast((state) => state.intranetId === one.record.id);
        if (mine) one.tunnel = mine;
        else if (snapshot) one.tunnel = null;
        this.#tell(one.record.id);
      },
      (failure) => {
        one.stream = null;
        // A stream that ended without a failure means that the service is still running, so it is opened again. A
        // failure may also change who can turn lockdown off.
        if (failure) this.#lookAtLockdown();
        if (failure || socket !== this.#serviceSocket()) this.#lost(one);
        const wait = lookAgain[one.retries];
        if (wait !== undefined) this.#later(wait, () => this.#look(one, one.retries + 1));
      },
    );
  }

  /** A socket of another user is ignored here; connecting reports it. */
  #socketOf(one: Watched): string | null {
    try {
      return findSocket(this.#environment, one.record.id) ?? this.#serviceSocket();
    } catch {
      return null;
    }
  }

  #serviceSocket(): string | null {
    try {
      return findService(this.#environment);
    } catch {
      return null;
    }
  }

  #lost(one: Watched): void {
    one.tunnel = isSessionWanted(this.#environment, one.record.id) ? "dead" : leftBehind(this.#environment);
    this.#tell(one.record.id);
  }

  readonly #tell = (intranetId: string): void => {
    const one = this.#watched.get(intranetId);
    if (!one || !this.#isOpen) return;
    const state = this.#stateOf(one);
    if (this.#progress.isOthers(intranetId)) this.#checkAgain(one);
    const text = JSON.stringify(state);
    if (text === one.reported) return;
    one.reported = text;
    if (this.#snapshotSent) this.#listener({ kind: "changed", state });
  };

  #checkAgain(one: Watched): void {
    if (one.isCheckDue) return;
    one.isCheckDue = true;
    this.#later(attemptCheck, () => {
      one.isCheckDue = false;
      this.#tell(one.record.id);
    });
  }

  /** Waits briefly for the streams' first states, so that a window does not open with "Disconnected". */
  async #snapshot(): Promise<void> {
    const waiting = [...this.#watched.values()].some((one) => one.stream && one.tunnel === null);
    if (waiting) await new Promise((resolve) => this.#later(lookAgain[0] ?? 0, () => resolve(undefined)));
    await this.#looking;
    if (!this.#isOpen) return;
    this.#snapshotSent = true;
    this.#listener({ kind: "snapshot", states: [...this.#watched.values()].map((one) => this.#stateOf(one)) });
  }

  #stateOf(one: Watched): IntranetState {
    return mergeState(one.record, one.tunnel, this.#progress.get(one.record.id), this.#lockdown);
  }

  #drop(one: Watched): void {
    one.stream?.close();
    one.stream = null;
    one.files?.close();
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#isOpen) work();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Compares without the age, which differs every time. */
function sameLockdown(a: LockdownView | null, b: LockdownView | null): boolean {
  const withoutAge = (one: LockdownView | null): string => JSON.stringify(one && { ...one, sinceMs: null });
  return withoutAge(a) === withoutAge(b);
}
