import { expect, test } from "vitest";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { failureView } from "../causes/failure.ts";
import type { CauseCode, PhaseWord } from "../client/model.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { failureOf, mergeState } from "./merge.ts";

const record = { id: "aaaa", name: "contoso", displayName: "Contoso", user: "anna", server: "s", signedIn: true };
const tunnel = (phase: PhaseWord, cause?: CauseCode): StateJson =>
  ({
    intranetId: record.id,
    phase: `PHASE_${phase.toUpperCase()}`,
    ...(cause ? { cause: { cause: `CAUSE_${cause.toUpperCase()}` } } : {}),
  }) as StateJson;
/** A failed attempt, made when the tunnel was in the state `over`. */
const doing = (cause: CauseCode, over: StateJson | "dead" | null = null) => ({
  phase: "failed" as const,
  cause: failureView(cause),
  tunnel: failureOf(over),
});
const merged = (json: StateJson | "dead" | null, own: ReturnType<typeof doing> | undefined) => {
  const { phase, cause } = mergeState(record as IntranetRecord, json, own);
  return [phase, cause?.cause ?? null];
};

test("a failed attempt's cause takes precedence over an earlier failure of the tunnel", () => {
  const kicked = tunnel("failed", "kicked");
  expect(merged(kicked, doing("account_disabled", kicked))).toEqual(["failed", "account_disabled"]);
  expect(merged(kicked, doing("sign_in_expired", kicked))).toEqual(["signed_out", "sign_in_expired"]);
  expect(merged("dead", doing("tunnel_binary_missing", "dead"))).toEqual(["failed", "tunnel_binary_missing"]);
  expect(merged(null, doing("no_network"))).toEqual(["failed", "no_network"]);
});

test("a tunnel that is up takes precedence over a failed attempt", () => {
  for (const phase of ["connecting", "connected", "reconnecting"] as const)
    expect(merged(tunnel(phase), doing("no_network"))[0]).toBe(phase);
});

test("a later failure of the tunnel replaces the cause of an older attempt", () => {
  const before = tunnel("failed", "session_expired");
  const attempt = doing("instance_unreachable", before);
  expect(merged(before, attempt)).toEqual(["failed", "instance_unreachable"]);
  expect(merged(tunnel("failed", "kicked"), attempt)).toEqual(["failed", "kicked"]);
  const ofLater = { ...before, session: { sessionId: "s2" } } as StateJson;
  expect(merged(ofLater, attempt)).toEqual(["failed", "session_expired"]);
  expect(merged("dead", attempt)).toEqual(["failed", "tunnel_crashed"]);
  // A tunnel that has ended without a failure says nothing newer.
  expect(merged(tunnel("disconnected"), attempt)).toEqual(["failed", "instance_unreachable"]);
});

test("a tunnel's failure before the latest sign-in is out of date, but what it blocks is not", () => {
  const failed = {
    ...tunnel("failed", "sign_in_expired"),
    session: { sessionId: "s1" },
    blocking: "BLOCKING_INTRANET",
    pid: 7,
  };
  const seen = (endedSession?: string, json = failed) => {
    const kept = { ...record, ...(endedSession ? { endedSession } : {}) } as IntranetRecord;
    const { phase, cause, session, blocking, pid } = mergeState(kept, json as StateJson, undefined);
    return [phase, cause?.cause ?? null, session?.id ?? null, blocking, pid];
  };
  expect(seen()).toEqual(["signed_out", "sign_in_expired", "s1", "intranet", 7]);
  expect(seen("s1")).toEqual(["disconnected", null, null, "intranet", 7]);
  // The next session's failure is shown, and a connected session as connected.
  expect(seen("s0")).toEqual(["signed_out", "sign_in_expired", "s1", "intranet", 7]);
  const up = { ...failed, phase: "PHASE_CONNECTED", cause: undefined };
  expect(seen("s1", up as never)[0]).toBe("connected");
});
