import type { CauseCode, PhaseWord } from "../client/model.ts";

/** The state of a dial. `up` and `over` are final. */
export type DialState =
  | { at: "idle" }
  /** A running sag-tunnel is reconnecting an earlier session. */
  | { at: "resuming" }
  /**
   * Waits for two things at once: an access token, and a key pair from sag-tunnel. `former`: sag-tunnel still has an
   * earlier session.
   */
  | { at: "preparing"; hasToken: boolean; hasKey: boolean; retried: boolean; former: boolean }
  | { at: "dialling"; retried: boolean; former: boolean }
  | { at: "starting" }
  | { at: "waiting"; cause: CauseCode | null }
  | { at: "up" }
  | { at: "over" };

export type DialEvent =
  /** Start of the dial, with the phase of this intranet in sag-tunnel. */
  | { kind: "begin"; tunnel: PhaseWord | null }
  | { kind: "token" }
  | { kind: "key" }
  | { kind: "session" }
  | { kind: "started" }
  | { kind: "tunnel"; phase: PhaseWord; cause: CauseCode | null }
  /** The current step failed. `stale`: the access token is no longer valid. */
  | { kind: "failed"; cause: CauseCode; stale?: boolean }
  /** The earlier session did not reconnect in time. */
  | { kind: "slow" }
  /** The names of the access points were looked up for long enough without an answer. */
  | { kind: "unresolved" }
  | { kind: "timeout" }
  | { kind: "cancel" };

export type DialEffect =
  | { do: "token"; renew: boolean }
  | { do: "key" }
  | { do: "dial" }
  | { do: "start" }
  /** Ends the dialled session at the cloud; no tunnel uses it yet. */
  | { do: "hangUp" }
  /** Stops the session in sag-tunnel. */
  | { do: "stop" }
  | { do: "already" }
  | { do: "done" }
  /** null: cancelled by the caller. */
  | { do: "fail"; cause: CauseCode | null };

type Step = [DialState, DialEffect[]];

/**
 * The dial as a pure state machine, from "signed out" or "disconnected" to "connected": the next state and the
 * effects of each event. It has no clock and no I/O; run.ts carries out the effects.
 */
export function step(state: DialState, event: DialEvent): Step {
  if (state.at === "up" || state.at === "over") return [state, []];
  if (event.kind === "cancel") return giveUp(state, null);
  if (event.kind === "timeout") return giveUp(state, timeoutCause(state));
  switch (state.at) {
    case "idle":
      if (event.kind === "failed") return giveUp(state, event.cause);
      return event.kind === "begin" ? begin(event.tunnel) : [state, []];
    case "resuming":
      return resuming(state, event);
    case "preparing":
      return preparing(state, event);
    case "dialling":
      return dialling(state, event);
    case "starting":
      return starting(state, event);
    case "waiting":
      return waiting(state, event);
  }
}

function begin(tunnel: PhaseWord | null): Step {
  if (tunnel === "connected") return [{ at: "up" }, [{ do: "already" }, { do: "done" }]];
  if (tunnel === "connecting" || tunnel === "reconnecting") return [{ at: "resuming" }, []];
  return afresh(false);
}

function afresh(former: boolean): Step {
  const state: DialState = { at: "preparing", hasToken: false, hasKey: false, retried: false, former };
  return [state, [{ do: "token", renew: false }, { do: "key" }]];
}

function resuming(state: DialState & { at: "resuming" }, event: DialEvent): Step {
  // sag-tunnel keeps trying meanwhile; the new session replaces the earlier one at the end.
  if (event.kind === "slow") return afresh(true);
  if (event.kind !== "tunnel") return event.kind === "failed" ? afresh(false) : [state, []];
  if (event.phase === "connected") return [{ at: "up" }, [{ do: "done" }]];
  // The earlier session could not be resumed, so a new one is dialled.
  return event.phase === "connecting" || event.phase === "reconnecting" ? [state, []] : afresh(false);
}

function preparing(state: DialState & { at: "preparing" }, event: DialEvent): Step {
  if (event.kind === "failed") return giveUp(state, event.cause);
  if (event.kind !== "token" && event.kind !== "key") return [state, []];
  const next = { ...state, [event.kind === "token" ? "hasToken" : "hasKey"]: true };
  if (!next.hasToken || !next.hasKey) return [next, []];
  return [{ at: "dialling", retried: state.retried, former: state.former }, [{ do: "dial" }]];
}

function dialling(state: DialState & { at: "dialling" }, event: DialEvent): Step {
  if (event.kind === "session") {
    return [{ at: "starting" }, [{ do: "start" }]];
  }
  if (event.kind !== "failed") return [state, []];
  if (!event.stale || state.retried) return giveUp(state, event.cause);
  const next: DialState = { at: "preparing", hasToken: false, hasKey: true, retried: true, former: state.former };
  return [next, [{ do: "token", renew: true }]];
}

function starting(state: DialState & { at: "starting" }, event: DialEvent): Step {
  if (event.kind === "started") return [{ at: "waiting", cause: null }, []];
  if (event.kind !== "failed") return [state, []];
  return giveUp(state, event.cause);
}

function waiting(state: DialState & { at: "waiting" }, event: DialEvent): Step {
  if (event.kind === "failed") return giveUp(state, event.cause);
  if (event.kind === "unresolved") return isUnresolved(state) ? giveUp(state, "dns_unavailable") : [state, []];
  if (event.kind !== "tunnel") return [state, []];
  if (event.phase === "connected") return [{ at: "up" }, [{ do: "done" }]];
  if (event.phase === "failed") return giveUp(state, event.cause ?? "unknown");
  // Another caller disconnected in the meantime.
  if (event.phase === "disconnected" || event.phase === "disconnecting") return giveUp(state, "not_connected");
  return [event.cause ? { ...state, cause: event.cause } : state, []];
}

/** Whether the access points' names could not be resolved in the last round of attempts. */
export const isUnresolved = (state: DialState): boolean => state.at === "waiting" && state.cause === "dns_unavailable";

function timeoutCause(state: DialState): CauseCode {
  if (state.at === "waiting") return state.cause ?? "access_point_unreachable";
  if (state.at === "resuming") return "access_point_unreachable";
  if (state.at === "starting") return "tunnel_crashed";
  return "instance_unreachable";
}

/** Ends the dial, cleaning up what it had started. */
function giveUp(state: DialState, cause: CauseCode | null): Step {
  const clean: DialEffect[] = [];
  if (state.at === "starting") clean.push({ do: "hangUp" }, { do: "stop" });
  const hasFormer = (state.at === "preparing" || state.at === "dialling") && state.former;
  if (state.at === "waiting" || state.at === "resuming" || hasFormer) clean.push({ do: "stop" });
  return [{ at: "over" }, [...clean, { do: "fail", cause }]];
}
