import { expect, test } from "vitest";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { failureView } from "../causes/failure.ts";
import type { CauseCode, PhaseWord } from "../client/model.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { LocalProgress } from "./local-progress.ts";
import { hasFailedAnew, mergeState } from "./merge.ts";

const record = { id: "aaaa", name: "contoso", displayName: "Contoso", user: "anna", server: "s", signedIn: true };
const tunnel = (phase: PhaseWord, cause?: CauseCode): StateJson =>
  ({
    intranetId: record.id,
    phase: `PHASE_${phase.toUpperCase()}`,
    ...(cause ? { cause: { cause: `CAUSE_${cause.toUpperCase()}` } } : {}),
  }) as StateJson;
const doing = (cause: CauseCode) => ({ phase: "failed" as const, cause: failureView(cause) });
const merged = (json: StateJson | null, own: ReturnType<typeof doing> | undefined) => {
  const { phase, cause } = mergeState(record as IntranetRecord, json, own);
  return [phase, cause?.cause ?? null];
};

test("a failed attempt's cause takes precedence over an earlier failure of the tunnel", () => {
  expect(merged(tunnel("failed", "session_expired"), doing("sign_in_expired"))).toEqual(["failed", "sign_in_expired"]);
  expect(merged(tunnel("failed", "kicked"), doing("account_disabled"))).toEqual(["failed", "account_disabled"]);
  expect(merged(null, doing("no_network"))).toEqual(["failed", "no_network"]);
});

test("a tunnel that is up takes precedence over a failed attempt", () => {
  for (const phase of ["connecting", "connected", "reconnecting"] as const)
    expect(merged(tunnel(phase), doing("no_network"))[0]).toBe(phase);
});

test("a later failure of the tunnel replaces the cause of an older attempt", () => {
  const before = tunnel("failed", "session_expired");
  expect(hasFailedAnew(before, tunnel("failed", "session_expired"))).toBe(false);
  expect(hasFailedAnew(before, tunnel("failed", "kicked"))).toBe(true);
  expect(hasFailedAnew(tunnel("connected"), tunnel("failed", "kicked"))).toBe(true);
  expect(hasFailedAnew(tunnel("connected"), tunnel("reconnecting"))).toBe(false);
  // The first state of a tunnel is not a new failure.
  expect(hasFailedAnew(null, before)).toBe(false);

  const progress = new LocalProgress();
  progress.set(record.id, "failed", failureView("sign_in_expired"));
  progress.superseded(record.id);
  expect(progress.get(record.id)).toBeUndefined();
  progress.set(record.id, "connecting");
  progress.superseded(record.id);
  expect(progress.get(record.id)?.phase).toBe("connecting");
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
  expect(seen()).toEqual(["failed", "sign_in_expired", "s1", "intranet", 7]);
  expect(seen("s1")).toEqual(["disconnected", null, null, "intranet", 7]);
  // The next session's failure is shown, and a connected session as connected.
  expect(seen("s0")).toEqual(["failed", "sign_in_expired", "s1", "intranet", 7]);
  const up = { ...failed, phase: "PHASE_CONNECTED", cause: undefined };
  expect(seen("s1", up as never)[0]).toBe("connected");
});
