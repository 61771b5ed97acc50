import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DialEvent, type DialState, step } from "./fsm.ts";

/** All effects of a run in order, and its last state. */
function run(events: DialEvent[], from: DialState = { at: "idle" }): { at: string; effects: string[] } {
  let state = from;
  const effects: string[] = [];
  for (const event of events) {
    const [next, done] = step(state, event);
    state = next;
    for (const effect of done) {
      const detail = "cause" in effect ? effect.cause : "renew" in effect ? effect.renew : "";
      effects.push(detail === "" ? effect.do : `${effect.do} ${detail}`);
    }
  }
  return { at: state.at, effects };
}

const begin = (tunnel: Extract<DialEvent, { kind: "begin" }>["tunnel"] = null): DialEvent => ({
  kind: "begin",
  tunnel,
});
const token: DialEvent = { kind: "token" };
const key: DialEvent = { kind: "key" };
const session: DialEvent = { kind: "session" };
const started: DialEvent = { kind: "started" };
const failed = (cause: Extract<DialEvent, { kind: "failed" }>["cause"], stale = false): DialEvent => ({
  kind: "failed",
  cause,
  stale,
});
const tunnel = (
  phase: Extract<DialEvent, { kind: "tunnel" }>["phase"],
  cause: Extract<DialEvent, { kind: "tunnel" }>["cause"] = null,
): DialEvent => ({ kind: "tunnel", phase, cause });
const timeout: DialEvent = { kind: "timeout" };
const cancel: DialEvent = { kind: "cancel" };

const asked = ["token false", "key"];

describe("dial", () => {
  it.each<[string, DialEvent[], string, string[]]>([
    [
      "connects without interruption",
      [begin(), token, key, session, started, tunnel("connecting"), tunnel("connected")],
      "up",
      [...asked, "dial", "start", "done"],
    ],
    ["accepts the key before the token", [begin(), key, token], "dialling", [...asked, "dial"]],
    ["does nothing when connected", [begin("connected")], "up", ["already", "done"]],
    [
      "waits for a session that reconnects",
      [begin("reconnecting"), tunnel("reconnecting"), tunnel("connected")],
      "up",
      ["done"],
    ],
    [
      "gives up if the access points' names are still not resolved",
      [begin(), token, key, session, started, tunnel("connecting", "dns_unavailable"), { kind: "unresolved" }],
      "over",
      [...asked, "dial", "start", "stop", "fail dns_unavailable"],
    ],
    [
      "goes on if only another access point does not answer by then",
      [
        ...[begin(), token, key, session, started, tunnel("connecting", "dns_unavailable")],
        ...[tunnel("connecting", "access_point_unreachable"), { kind: "unresolved" } as const, tunnel("connected")],
      ],
      "up",
      [...asked, "dial", "start", "done"],
    ],
    [
      "dials again if it does not reconnect",
      [begin("reconnecting"), tunnel("failed", "session_expired")],
      "preparing",
      asked,
    ],
    [
      "dials again if that takes long",
      [begin("reconnecting"), { kind: "slow" }, token, key, session, started, tunnel("connected")],
      "up",
      [...asked, "dial", "start", "done"],
    ],
    [
      "leaves no session behind when that fails",
      [begin("reconnecting"), { kind: "slow" }, failed("instance_unreachable")],
      "over",
      [...asked, "stop", "fail instance_unreachable"],
    ],
    ["dials again after a failed session", [begin("failed")], "preparing", asked],
    [
      "renews a stale token once",
      [begin(), token, key, failed("sign_in_expired", true), token],
      "dialling",
      [...asked, "dial", "token true", "dial"],
    ],
    [
      "does not renew a stale token twice",
      [begin(), token, key, failed("sign_in_expired", true), token, failed("sign_in_expired", true)],
      "over",
      [...asked, "dial", "token true", "dial", "fail sign_in_expired"],
    ],
    [
      "ends the session if sag-tunnel does not start it",
      [begin(), token, key, session, failed("port_in_use")],
      "over",
      [...asked, "dial", "start", "hangUp", "stop", "fail port_in_use"],
    ],
    ["ends on a failed token", [begin(), failed("bad_credentials"), key], "over", [...asked, "fail bad_credentials"]],
    [
      "stops a tunnel that failed",
      [begin(), token, key, session, started, tunnel("failed", "access_point_unreachable")],
      "over",
      [...asked, "dial", "start", "stop", "fail access_point_unreachable"],
    ],
    [
      "fails with the cause of the timeout",
      [begin(), token, key, session, started, tunnel("connecting", "no_access_point"), timeout],
      "over",
      [...asked, "dial", "start", "stop", "fail no_access_point"],
    ],
    [
      "names the access point without a cause",
      [begin(), token, key, session, started, timeout],
      "over",
      [...asked, "dial", "start", "stop", "fail access_point_unreachable"],
    ],
    [
      "names the cloud instance before a session",
      [begin(), token, timeout],
      "over",
      [...asked, "fail instance_unreachable"],
    ],
    [
      "ends on a disconnect by another caller",
      [begin(), token, key, session, started, tunnel("disconnected")],
      "over",
      [...asked, "dial", "start", "stop", "fail not_connected"],
    ],
    [
      "hangs up if cancelled before the tunnel has the session",
      [begin(), token, key, session, cancel],
      "over",
      [...asked, "dial", "start", "hangUp", "stop", "fail null"],
    ],
    ["fails before it begins", [failed("tunnel_binary_missing")], "over", ["fail tunnel_binary_missing"]],
  ])("%s", (_name, events, at, effects) => {
    expect(run(events)).toEqual({ at, effects });
  });

  it("ends exactly once for any sequence of events, and never dials without token and key", () => {
    const phases = ["connecting", "connected", "reconnecting", "failed", "disconnected"] as const;
    const any = fc.oneof(
      fc.constantFrom<DialEvent>(
        token,
        key,
        session,
        started,
        { kind: "slow" },
        { kind: "unresolved" },
        timeout,
        cancel,
      ),
      fc.constantFrom(...phases).map((phase) => tunnel(phase)),
      fc.boolean().map((stale) => failed("sign_in_expired", stale)),
      fc.constant(failed("port_in_use")),
    );
    fc.assert(
      fc.property(fc.constantFrom(null, ...phases), fc.array(any, { maxLength: 30 }), (phase, events) => {
        const { at, effects } = run([begin(phase), ...events, cancel]);
        const ends = effects.filter((effect) => effect === "done" || effect.startsWith("fail"));
        expect(ends).toHaveLength(1);
        expect(["up", "over"]).toContain(at);
        expect(effects.indexOf(ends[0] ?? "")).toBe(effects.length - 1);
        const dials = effects.filter((effect) => effect === "dial").length;
        expect(dials).toBeLessThanOrEqual(2);
        if (dials > 0) expect(effects.indexOf("token false")).toBeLessThan(effects.indexOf("dial"));
      }),
    );
  });
});
