import { expect, test } from "vitest";
import type { IntranetState } from "../../../electron/core/model.ts";
import { connected, disconnected, failed, guarded, locked } from "../../../test/app/fake/sample.ts";
import { canLift, guardLines } from "./guard.ts";

const told = (state: IntranetState): string[] => {
  const up = state.phase === "connected" || state.phase === "reconnecting";
  return guardLines(state, up).map(({ kind, text }) => `${kind}: ${text}`);
};
const system = { mode: "system" as const, blocking: "intranet" as const, machine: guarded() };

test.each<[string, IntranetState, string[]]>([
  ["proxy mode", connected(), ["mode: For this computer's browsers and programs that ask. Nothing else is touched."]],
  ["nothing up", disconnected(), ["held: Nothing is held back on this computer."]],
  [
    "system mode",
    connected(system),
    [
      "mode: For the whole computer",
      "held: Protected: the intranet is reached only through the tunnel.",
      "names: Names of contoso.example, contoso.test are looked up inside",
    ],
  ],
  [
    "system mode, as the service tells it: nothing is blocked, and the kernel holds what would leave beside the tunnel",
    connected({ ...system, blocking: "none" }),
    [
      "mode: For the whole computer",
      "held: Protected: the intranet is reached only through the tunnel.",
      "names: Names of contoso.example, contoso.test are looked up inside",
    ],
  ],
  [
    "system mode without a guard",
    connected({ mode: "system", machine: { routes: [], rules: [], names: null, guard: null } }),
    ["mode: For the whole computer", "held: Nothing is held back outside the tunnel."],
  ],
  [
    "names that somebody else changed",
    connected({ ...system, machine: guarded({}, { everything: true, trouble: "10.0.0.1 is asked first." }) }),
    [
      "mode: For the whole computer",
      "held: Protected: the intranet is reached only through the tunnel.",
      "names: All names are looked up inside",
      "trouble: Names may go astray: 10.0.0.1 is asked first.",
    ],
  ],
  [
    "down, and the intranet held back",
    failed("no_network", system),
    [
      "held: Blocked: nothing leaves for the intranet until you connect.",
      "held: Held back: 10.0.0.0/24, 10.1.0.0/16 and 1 more",
    ],
  ],
  [
    "on the way up, with everything held back",
    disconnected({ ...system, phase: "connecting", blocking: "all" }),
    ["held: Blocked: nothing leaves this computer until you connect.", "lift: Disconnecting lifts this."],
  ],
  [
    "lockdown, which has a place of its own",
    connected({ ...system, blocking: "all", lockdown: locked(), machine: guarded({ lockdown: true }) }),
    ["mode: For the whole computer", "names: Names of contoso.example, contoso.test are looked up inside"],
  ],
  ["lockdown with nobody connected", disconnected({ blocking: "all", lockdown: locked() }), []],
])("%s", (_, state, expected) => expect(told(state)).toEqual(expected));

test("a person lifts what is held back by disconnecting, but no lockdown, and nothing where there is a button for it", () => {
  expect(canLift(failed("no_network", system), false)).toBe(true);
  expect(canLift(failed("no_network", { ...system, lockdown: locked() }), false)).toBe(false);
  expect(canLift(disconnected({ ...system, phase: "connecting" }), false)).toBe(false);
  expect(canLift(connected(system), true)).toBe(false);
  expect(canLift(failed("no_network"), false)).toBe(false);
});
