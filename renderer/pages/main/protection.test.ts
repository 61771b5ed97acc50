import { expect, test } from "vitest";
import type { IntranetState } from "../../../electron/bridge.ts";
import { connected, disconnected, failed, guarded, locked, session } from "../../../test/app/fake/sample.ts";
import { canLift, protectionLines } from "./protection.ts";

const linesOf = (state: IntranetState): string[] => {
  const up = state.phase === "connected" || state.phase === "reconnecting";
  return protectionLines(state, up).map(({ kind, text }) => `${kind}: ${text}`);
};
const system = { mode: "system" as const, blocking: "intranet" as const, machine: guarded() };

test.each<[string, IntranetState, string[]]>([
  ["proxy mode", connected(), ["mode: Only apps set to use the proxy can reach the intranet."]],
  ["proxy mode, reconnecting", connected({ phase: "reconnecting" }), ["mode: No app can reach the intranet now."]],
  [
    "system mode without routes",
    connected({ mode: "system", session: session({ routes: [] }), machine: guarded() }),
    [
      "mode: No app can reach the intranet now.",
      "held: Protected: traffic to the intranet leaves only through the tunnel.",
      "names: Names under contoso.example, contoso.test are looked up in the intranet.",
    ],
  ],
  ["disconnected", disconnected(), ["held: No traffic is blocked."]],
  [
    "system mode",
    connected(system),
    [
      "mode: All apps can reach the intranet.",
      "held: Protected: traffic to the intranet leaves only through the tunnel.",
      "names: Names under contoso.example, contoso.test are looked up in the intranet.",
    ],
  ],
  [
    "system mode without blocking reported, while the kernel drops traffic outside the tunnel",
    connected({ ...system, blocking: "none" }),
    [
      "mode: All apps can reach the intranet.",
      "held: Protected: traffic to the intranet leaves only through the tunnel.",
      "names: Names under contoso.example, contoso.test are looked up in the intranet.",
    ],
  ],
  [
    "system mode without a kill switch",
    connected({ mode: "system", machine: { routes: [], rules: [], names: null, guard: null } }),
    ["mode: All apps can reach the intranet.", "held: No traffic is blocked outside the tunnel."],
  ],
  [
    "DNS settings changed by another program",
    connected({ ...system, machine: guarded({}, { everything: true, trouble: "10.0.0.1 is asked first." }) }),
    [
      "mode: All apps can reach the intranet.",
      "held: Protected: traffic to the intranet leaves only through the tunnel.",
      "names: All names are looked up in the intranet.",
      "trouble: Some names may not resolve: 10.0.0.1 is asked first.",
    ],
  ],
  [
    "failed, with the intranet blocked",
    failed("no_network", system),
    [
      "held: Blocked: the intranet cannot be reached until you connect.",
      "held: Blocked addresses: 10.0.0.0/24, 10.1.0.0/16 and 1 more",
    ],
  ],
  [
    "connecting, with everything blocked",
    disconnected({ ...system, phase: "connecting", blocking: "all" }),
    ["held: Blocked: nothing leaves this computer until you connect.", "lift: To unblock it, disconnect."],
  ],
  [
    "lockdown, which has its own section",
    connected({ ...system, blocking: "all", lockdown: locked(), machine: guarded({ lockdown: true }) }),
    [
      "mode: All apps can reach the intranet.",
      "names: Names under contoso.example, contoso.test are looked up in the intranet.",
    ],
  ],
  ["lockdown while disconnected", disconnected({ blocking: "all", lockdown: locked() }), []],
])("%s", (_, state, expected) => expect(linesOf(state)).toEqual(expected));

test("disconnecting ends the blocking, except for lockdown and where another button does that", () => {
  expect(canLift(failed("no_network", system), false)).toBe(true);
  expect(canLift(failed("sign_in_expired", { ...system, phase: "signed_out" }), false)).toBe(true);
  expect(canLift(failed("no_network", { ...system, lockdown: locked() }), false)).toBe(false);
  expect(canLift(disconnected({ ...system, phase: "connecting" }), false)).toBe(false);
  expect(canLift(connected(system), true)).toBe(false);
  expect(canLift(failed("no_network"), false)).toBe(false);
});

test("in proxy mode with the system proxy set, the browser reaches the intranet as well", () => {
  const [line] = protectionLines(connected(), true, true);
  expect(line?.text).toBe("Your browser and other apps that use this computer's proxy setting can reach the intranet.");
  expect(protectionLines(connected(system), true, true)[0]?.text).toBe("All apps can reach the intranet.");
});
