import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { IntranetState, LockdownView, PhaseWord } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { findSocket, isSessionWanted } from "../tunnel/process.ts";
import { callTunnel } from "../tunnel/rpc.ts";
import { askService } from "../tunnel/service.ts";
import type { Progress } from "./progress.ts";
import { restingState, tunnelState } from "./tunnel-view.ts";

/** Describes how a tunnel has failed, to tell a later failure from the one before; "" = it has not failed. */
export function failureOf(tunnel: StateJson | "dead" | null): string {
  if (tunnel === "dead") return tunnel;
  if (tunnel?.phase !== "PHASE_FAILED") return "";
  return `${tunnel.session?.sessionId ?? ""} ${tunnel.cause?.cause ?? ""}`;
}

/** Why a tunnel has failed; undefined if it has not, or was not told, or if a later sign-in has made that out of date. */
export function endOf(tunnel: StateJson | "dead" | null, record: IntranetRecord): Failure | undefined {
  if (tunnel === null || tunnel === "dead" || tunnel.phase !== "PHASE_FAILED" || !tunnel.cause) return undefined;
  return tunnel.session?.sessionId === record.endedSession ? undefined : failureFromWire(tunnel.cause);
}

const up = new Set<unknown>(["PHASE_CONNECTED", "PHASE_RECONNECTING", "PHASE_CONNECTING"]);

/** Whether a tunnel is up or comes up. */
export const isTunnelUp = (tunnel: StateJson | "dead" | null): boolean =>
  tunnel !== null && tunnel !== "dead" && up.has(tunnel.phase);

const isUp = (phase: PhaseWord): boolean => phase === "connected" || phase === "reconnecting" || phase === "connecting";

/**
 * Combines the sources of an intranet's state. sag-tunnel reports phase and cause; core adds whether there is a
 * sign-in, whether the tunnel process has crashed, and the latest attempt of any of this user's processes. The newest
 * of them counts. `tunnel`: null = there is none; "dead" = it should be running but is not.
 */
export function mergeState(
  record: IntranetRecord,
  tunnel: StateJson | "dead" | null,
  own: Progress | undefined,
  lockdown: LockdownView | null = null,
): IntranetState {
  const state = asSignedOut(withProgress(withoutProgress(record, tunnel), tunnel, own));
  return lockdown ? { ...state, lockdown, blocking: "all" } : state;
}

function withoutProgress(record: IntranetRecord, tunnel: StateJson | "dead" | null): IntranetState {
  const resting = restingState(record, record.signedIn ? "disconnected" : "signed_out");
  if (tunnel === null) return resting;
  if (tunnel === "dead") return restingState(record, "failed", "tunnel_crashed");
  const state = tunnelState(record, tunnel);
  // In system mode a failed sag-tunnel stays and keeps the intranet blocked. It reports its cause until a later
  // sign-in makes that out of date.
  const isResolved = !isUp(state.phase) && state.session !== null && state.session.id === record.endedSession;
  if (isResolved) return { ...state, phase: resting.phase, cause: null, session: null };
  const isAtRest = state.phase === "disconnected" || state.phase === "signed_out";
  return isAtRest ? { ...state, phase: resting.phase } : state;
}

/**
 * A tunnel that is up is newer than a waiting or failed attempt. A failed tunnel is newer than a failed attempt only if
 * it had not failed like this before.
 */
function withProgress(
  state: IntranetState,
  tunnel: StateJson | "dead" | null,
  progress: Progress | undefined,
): IntranetState {
  if (!progress) return state;
  const { phase, cause } = progress;
  if (phase !== "disconnecting" && isUp(state.phase)) return state;
  const failed = failureOf(tunnel);
  if (phase === "failed" && failed !== "" && failed !== progress.tunnel) return state;
  return { ...state, phase, cause };
}

/** Without a sign-in the state is signed out, whoever found out that it has ended. */
const asSignedOut = (state: IntranetState): IntranetState =>
  state.phase === "failed" && state.cause?.cause === "sign_in_expired" ? { ...state, phase: "signed_out" } : state;

/** The state of an intranet's tunnel: from the user's own process, or else from the service. */
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
      // A probe may take 1 s; the limit keeps the answer to the caller prompt.
      const { states = [] } = await callTunnel(socket, "GetStates", { probe }, { timeoutMs: 2_500 });
      return states.find((one) => one.intranetId === intranetId) ?? null;
    }
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.code !== "tunnel_crashed") throw thrown;
  }
  return isSessionWanted(environment, intranetId) ? "dead" : null;
}
