import { setTimeout as sleep } from "node:timers/promises";
import { toJson } from "@bufbuild/protobuf";
import { type Session, SessionSchema } from "#proto/client/v1/session_pb.js";
import type { ProxyOptionsJson, StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Mode } from "#proto/types/v1/state_pb.js";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { CauseCode, IntranetState } from "../client/model.ts";
import type { ConnectOptions } from "../client/requests.ts";
import type { Secret } from "../credentials/secret.ts";
import { parseAddress, urlOf } from "../instance/address.ts";
import { hello, type InstanceApi } from "../instance/api.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { tunnelState } from "../state/tunnel-view.ts";
import { stopTunnel } from "../tunnel/process.ts";
import { callTunnel, type TunnelStream, watchTunnel } from "../tunnel/rpc.ts";
import { type DialEffect, type DialEvent, type DialState, isUnresolved, step } from "./fsm.ts";
import { otherSettings } from "./other-settings.ts";

/** What a dial needs from the rest of core. */
export interface DialSources {
  record: IntranetRecord;
  /** The socket of a running sag-tunnel. `started`: it was started by this call. */
  tunnel(): Promise<{ socket: string; started: boolean }>;
  /** Whether a session of an earlier sag-tunnel can be resumed. */
  isSessionWanted(): boolean;
  /** Whether another program of this user has disconnected since the dial began. */
  isWithdrawn(): boolean;
  /** The mode of the sag-tunnel that `tunnel` returns. */
  mode: "proxy" | "system";
  /** A valid access token; not `refused`, which the server did not accept. */
  token(refused: Secret | undefined, signal: AbortSignal): Promise<Secret>;
  api(signal: AbortSignal): Promise<InstanceApi>;
}

const defaultTimeout = 15_000;

/**
 * How long an earlier session may take to reconnect before a new one is dialled, ms; at most a third of the time
 * limit.
 */
const resumeTimeout = 4_000;

/**
 * How long the dial continues after the first round in which the name of no access point was resolved, ms: long enough
 * for another lookup, which takes at most 2 s. Later ones would end in the same way on a network whose name servers are
 * slow, because sag-tunnel gives up each lookup after that time.
 */
const unresolvedTimeout = 2_500;

/** Time limit for sag-tunnel to start a session, ms. */
const startTimeout = 8_000;

/** Waits for a stopping sag-tunnel to end, ms. */
const leaving = [20, 100, 400];

/** Dials once. Resolves when the tunnel is up; otherwise cleans up and throws a Failure. */
export function runDial(sources: DialSources, options: ConnectOptions): Promise<IntranetState> {
  return new Promise((resolve, reject) => new Dial(sources, options, resolve, reject).begin());
}

class Dial {
  readonly #sources: DialSources;
  readonly #options: ConnectOptions;
  readonly #resolve: (state: IntranetState) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #slow: NodeJS.Timeout | undefined;
  #unresolved: NodeJS.Timeout | undefined;
  #state: DialState = { at: "idle" };
  #failure: Failure | undefined;
  #stream: TunnelStream | undefined;
  #tunnel: Promise<{ socket: string; started: boolean }> | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  #socket = "";
  /** The latest state of sag-tunnel, and the same as callers see it. */
  #json: StateJson | undefined;
  #latest: IntranetState | undefined;
  #token: Secret | undefined;
  #attemptId = "";
  #publicKey = new Uint8Array();
  #session: Session | undefined;

  constructor(
    sources: DialSources,
    options: ConnectOptions,
    resolve: (state: IntranetState) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#sources = sources;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(() => this.#on({ kind: "timeout" }), options.timeoutMs ?? defaultTimeout);
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.#on({ kind: "cancel" });

  begin(): void {
    if (this.#options.signal?.aborted) {
      this.#onAbort();
      return;
    }
    void this.#attempt(async () => {
      return { kind: "begin", tunnel: await this.#currentPhase() };
    });
  }

  /**
   * The current phase in sag-tunnel. Without a session to resume, sag-tunnel is started in parallel with fetching the
   * token.
   */
  async #currentPhase(): Promise<IntranetState["phase"] | null> {
    const tunnel = this.#sources.tunnel();
    if (!this.#sources.isSessionWanted()) {
      tunnel.catch(() => undefined);
      this.#tunnel = tunnel;
      return null;
    }
    const { socket, started } = await tunnel;
    this.#tunnel = tunnel;
    const { states = [] } = await callTunnel(socket, "GetStates", { probe: !started }, { signal: this.#abort.signal });
    const mine = states.find((one) => one.intranetId === this.#sources.record.id);
    if (!mine) return null;
    this.#json = mine;
    this.#latest = tunnelState(this.#sources.record, mine);
    this.#watch(socket);
    return this.#latest.phase;
  }

  #on(event: DialEvent): void {
    const [state, effects] = step(this.#state, event);
    const before = this.#state.at;
    this.#state = state;
    if (state.at !== before && state.at !== "up" && state.at !== "over" && state.at !== "idle") {
      this.#options.onStep?.(state.at);
      clearTimeout(this.#slow);
      if (state.at === "resuming") {
        const limit = Math.min(resumeTimeout, (this.#options.timeoutMs ?? defaultTimeout) / 3);
        this.#slow = setTimeout(() => this.#on({ kind: "slow" }), limit);
      }
    }
    this.#limitLookups();
    for (const effect of effects) this.#carryOut(effect);
  }

  /** A caller that has set a time limit waits for as long. */
  #limitLookups(): void {
    if (!isUnresolved(this.#state)) {
      clearTimeout(this.#unresolved);
      this.#unresolved = undefined;
    } else if (this.#options.timeoutMs === undefined) {
      this.#unresolved ??= setTimeout(() => this.#on({ kind: "unresolved" }), unresolvedTimeout);
    }
  }

  #carryOut(effect: DialEffect): void {
    switch (effect.do) {
      case "token":
        void this.#attempt(() => this.#fetchToken(effect.renew));
        break;
      case "key":
        void this.#attempt(() => this.#prepare());
        break;
      case "dial":
        void this.#attempt(() => this.#dial());
        break;
      case "start":
        void this.#attempt(() => this.#start());
        break;
      case "already":
        this.#options.onStep?.("already_connected");
        break;
      case "hangUp":
      case "stop":
        this.#cleaning = this.#cleaning.then(() => this.#clean(effect.do));
        break;
      case "done":
        this.#finish();
        break;
      case "fail":
        void this.#fail(effect.cause);
        break;
    }
  }

  /** Runs one step and feeds its result to the state machine as an event. */
  async #attempt(work: () => Promise<DialEvent>): Promise<void> {
    try {
      this.#on(await work());
    } catch (thrown) {
      const failure = thrown instanceof Failure ? thrown : new Failure("unknown", {}, { cause: thrown });
      this.#failure = failure;
      this.#on({ kind: "failed", cause: failure.code, stale: isStale(failure) });
    }
  }

  async #fetchToken(renew: boolean): Promise<DialEvent> {
    this.#token = await this.#sources.token(renew ? this.#token : undefined, this.#abort.signal);
    return { kind: "token" };
  }

  async #prepare(): Promise<DialEvent> {
    const { signal } = this.#abort;
    for (const wait of [...leaving, null]) {
      const { socket, started } = await (this.#tunnel ?? this.#sources.tunnel());
      try {
        const answer = await callTunnel(socket, "Prepare", { intranetId: this.#sources.record.id }, { signal });
        this.#socket = socket;
        this.#attemptId = answer.attemptId ?? "";
        this.#publicKey = Buffer.from(answer.publicKey ?? "", "base64");
        return { kind: "key" };
      } catch (thrown) {
        // A stopping sag-tunnel still answers for a moment; retry until another one has been started.
        const isLeaving = !started && thrown instanceof Failure && thrown.code === "tunnel_crashed";
        if (!isLeaving || wait === null) throw thrown;
        this.#tunnel = undefined;
        await sleep(wait, undefined, { signal });
      }
    }
    throw new Failure("tunnel_crashed");
  }

  async #dial(): Promise<DialEvent> {
    const { signal } = this.#abort;
    const api = await this.#sources.api(signal);
    const answer = await api.dial(
      {
        hello,
        publicKey: this.#publicKey,
        mode: Mode[this.#sources.mode === "system" ? "SYSTEM" : "PROXY"],
        accessPointId: this.#options.accessPoint ?? "",
      },
      { token: this.#token?.reveal() ?? "", signal },
    );
    this.#session = answer.session;
    return { kind: "session" };
  }

  async #start(): Promise<DialEvent> {
    const { record } = this.#sources;
    if (!this.#session) throw new Failure("answer_invalid", { subject: record.server });
    if (this.#sources.isWithdrawn()) throw new Failure("not_connected");
    const { signal } = this.#abort;
    await callTunnel(
      this.#socket,
      "Start",
      {
        attemptId: this.#attemptId,
        intranetId: record.id,
        session: toJson(SessionSchema, this.#session),
        cloud: {
          url: urlOf(parseAddress(record.server)),
          spkiPins: record.pins.map((pin) => Buffer.from(pin, "hex").toString("base64")),
        },
        proxy: this.#proxyOptions(),
      },
      // Longer than other calls, because the service verifies the session at the cloud instance first.
      { signal, timeoutMs: startTimeout },
    ).catch(async (thrown) => {
      throw await this.#listenFailure(thrown);
    });
    this.#watch(this.#socket);
    return { kind: "started" };
  }

  /** The stored ports are only preferred; ports that the user asked for are required. */
  #proxyOptions(): ProxyOptionsJson {
    const { socks, http, outside } = this.#options;
    const { record } = this.#sources;
    return {
      socksListen: socks ?? record.socks ?? "",
      httpListen: http ?? record.http ?? "",
      socksPreferred: socks === undefined,
      httpPreferred: http === undefined,
      outside: outside === "refuse" ? "OUTSIDE_REFUSE" : "OUTSIDE_DIRECT",
    };
  }

  /** Adds the requested address and the program that uses it to a failure to listen. */
  async #listenFailure(thrown: unknown): Promise<unknown> {
    const { socks, http } = this.#options;
    const field = thrown instanceof Failure ? thrown.details.field : undefined;
    const address = { "proxy.socks_listen": socks, "proxy.http_listen": http }[field ?? ""];
    if (!(thrown instanceof Failure) || address === undefined) return thrown;
    return (await import("../reach/listener.ts")).listenFailure(thrown.code, address);
  }

  #watch(socket: string): void {
    this.#stream?.close();
    this.#socket = socket;
    const { record } = this.#sources;
    this.#stream = watchTunnel(
      socket,
      { attentive: true },
      ({ snapshot, changed }) => {
        const mine = [...(snapshot?.states ?? []), ...(changed ? [changed] : [])].find(
          (one) => one.intranetId === record.id,
        );
        if (!mine) return;
        this.#json = mine;
        this.#latest = tunnelState(record, mine);
        if (mine.cause) this.#failure = failureFromWire(mine.cause, this.#latest.accessPoint?.name);
        this.#on({ kind: "tunnel", phase: this.#latest.phase, cause: this.#latest.cause?.cause ?? null });
      },
      (failure) => this.#on({ kind: "failed", cause: failure?.code ?? "tunnel_crashed" }),
    );
  }

  async #clean(what: "hangUp" | "stop"): Promise<void> {
    const token = this.#session?.sessionToken;
    try {
      if (what === "stop" && this.#socket) {
        await stopTunnel(this.#socket, this.#sources.record.id, this.#sources.mode === "system");
      } else if (what === "hangUp" && token) {
        await (await this.#sources.api(AbortSignal.timeout(2_000))).hangUp(
          {},
          { token, signal: AbortSignal.timeout(2_000) },
        );
      }
    } catch {
      // The process has ended, so there is nothing to stop; the session ends with its lease.
    }
  }

  #close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#slow);
    clearTimeout(this.#unresolved);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#stream?.close();
    this.#abort.abort();
  }

  #finish(): void {
    this.#close();
    // Options apply only to a session that this call has started.
    const isFormer = this.#session === undefined && !this.#options.acceptsOther;
    const other = isFormer && this.#json && otherSettings(this.#sources.record.name, this.#json, this.#options);
    if (other) this.#reject(other);
    else if (this.#latest) this.#resolve(this.#latest);
    else this.#reject(new Failure("tunnel_crashed"));
  }

  async #fail(cause: CauseCode | null): Promise<void> {
    this.#close();
    await this.#cleaning;
    if (cause === null) return this.#reject(this.#options.signal?.reason);
    // Prefers the failure of the last step if it has this cause, because it has more details.
    this.#reject(this.#failure?.code === cause ? this.#failure : new Failure(cause));
  }
}

/** Whether the access token has expired; a new one may be accepted. */
const isStale = (failure: Failure): boolean => failure.code === "sign_in_expired" || failure.code === "session_expired";
