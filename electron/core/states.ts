import { EventEmitter } from "node:events";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure } from "./causes/failure.ts";
import type { Environment } from "./environment.ts";
import type { FailureView, IntranetState, LockdownView, PhaseWord } from "./model.ts";
import type { IntranetRecord } from "./settings/schema.ts";
import { findSocket, isSessionWanted } from "./tunnel/process.ts";
import { callTunnel } from "./tunnel/rpc.ts";
import { askService } from "./tunnel/service.ts";
import { restingState, tunnelState } from "./view.ts";

/** What this process itself is doing with an intranet, or what its last attempt came to. */
export interface Doing {
  phase: PhaseWord;
  cause: FailureView | null;
}

/** Own knowledge that no tunnel has: a dial before sag-tunnel hears of it, and why it failed. Emits `change` with the id. */
export class Doings extends EventEmitter<{ change: [intranetId: string] }> {
  readonly #doing = new Map<string, Doing>();

  set(intranetId: string, phase: PhaseWord, cause: FailureView | null = null): void {
    this.#doing.set(intranetId, { phase, cause });
    this.emit("change", intranetId);
  }

  clear(intranetId: string): void {
    if (this.#doing.delete(intranetId)) this.emit("change", intranetId);
  }

  get(intranetId: string): Doing | undefined {
    return this.#doing.get(intranetId);
  }
}

const isUp = (phase: PhaseWord): boolean => phase === "connected" || phase === "reconnecting" || phase === "connecting";

/**
 * One state out of four sources: what is kept (signed in or not), what sag-tunnel says, what this process is doing, and the
 * machine's lockdown. `tunnel`: null = there is none; "dead" = there should be one.
 */
export function mergeState(
  record: IntranetRecord,
  tunnel: StateJson | "dead" | null,
  doing: Doing | undefined,
  lockdown: LockdownView | null = null,
): IntranetState {
  const state = mergeTunnel(record, tunnel, doing);
  return lockdown ? { ...state, lockdown, blocking: "all" } : state;
}

function mergeTunnel(
  record: IntranetRecord,
  tunnel: StateJson | "dead" | null,
  doing: Doing | undefined,
): IntranetState {
  const resting = restingState(record, record.signedIn ? "disconnected" : "signed_out");
  let state = resting;
  if (tunnel === "dead") state = restingState(record, "failed", "tunnel_crashed");
  else if (tunnel) {
    const told = tunnelState(record, tunnel);
    const isAtRest = told.phase === "disconnected" || told.phase === "signed_out";
    // Its last words are kept: they say why it is not up.
    state = isAtRest ? { ...told, phase: resting.phase } : told;
  }
  if (!doing) return state;
  // A tunnel that is up knows better than a dial that is still waiting to be told.
  if (doing.phase === "connecting" || doing.phase === "failed") {
    return isUp(state.phase) || (state.phase === "failed" && doing.phase === "failed" && state.cause)
      ? state
      : { ...state, ...doing };
  }
  return { ...state, ...doing };
}

/** What sag-tunnel says of an intranet, as mergeState wants it: the user's own process, or else the service. */
export async function askTunnel(
  environment: Environment,
  intranetId: string,
  probe: boolean,
): Promise<StateJson | "dead" | null> {
  const own = await askOwn(environment, intranetId, probe);
  if (own && own !== "dead" && own.phase !== "PHASE_DISCONNECTED") return own;
  return (await askService(environment, intranetId, probe)) ?? own;
}

async function askOwn(
  environment: Environment,
  intranetId: string,
  probe: boolean,
): Promise<StateJson | "dead" | null> {
  const socket = findSocket(environment, intranetId);
  try {
    if (socket) {
      // A probe may take 1 s; somebody who asked how it is gets an answer a little later, not never.
      const { states = [] } = await callTunnel(socket, "GetStates", { probe }, { timeoutMs: 2_500 });
      return states.find((one) => one.intranetId === intranetId) ?? null;
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== "tunnel_crashed") throw thrown;
  }
  return isSessionWanted(environment, intranetId) ? "dead" : null;
}
