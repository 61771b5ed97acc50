import { expect, it } from "vitest";
import type { IntranetState, LockdownView } from "../core/model.ts";
import { tunnelState } from "../core/view.ts";
import { lockdownLines, stateLines } from "./words.ts";

const record = { id: "contoso01", name: "contoso", displayName: "Contoso", user: "anna", server: "sag.example" };
const told = (routes: string[]): IntranetState =>
  tunnelState(record as Parameters<typeof tunnelState>[0], {
    phase: "PHASE_CONNECTED",
    mode: "MODE_SYSTEM",
    machine: { routes, rules: ["5200: not from all fwmark 0x53470000 lookup 21319"] },
  });
const lines = (state: IntranetState): string[] => stateLines(state, (_, text) => text).map((line) => line.trim());

it("tells the routes and rules that are on the machine", () => {
  const state = told(["10.0.0.0/8 dev sag0 table 21319", "unreachable 10.0.0.0/8 table 21319\u001b[2J"]);
  expect(lines(state)).toEqual(
    expect.arrayContaining([
      "Route 10.0.0.0/8 dev sag0 table 21319",
      "Rule 5200: not from all fwmark 0x53470000 lookup 21319",
    ]),
  );
  expect(state.machine?.routes[1]).toBe("unreachable 10.0.0.0/8 table 21319 [2J");
});

it("tells who is asked for names, and what stands in the way", () => {
  const names = (of: object): string | undefined => {
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
      phase: "PHASE_CONNECTED",
      mode: "MODE_SYSTEM",
      machine: { names: { backend: "systemd-resolved", servers: ["10.0.0.53"], ...of } },
    });
    return lines(state).find((line) => line.startsWith("Names"));
  };
  expect(names({ domains: ["corp.test"] })).toBe("Names corp.test are asked at 10.0.0.53 · systemd-resolved");
  expect(names({ domains: ["a.test", "b.test", "c.test", "d.test", "e.test"] })).toContain("d.test and 1 more are");
  expect(names({ domains: ["corp.test", "10.in-addr.arpa", "d.f.ip6.arpa"] })).toContain(
    "Names corp.test and 2 reverse zones are asked",
  );
  expect(names({ everything: true })).toBe("Names (all) are asked at 10.0.0.53 · systemd-resolved");
  expect(names({ trouble: "Tailscale keeps changing them" })).toBe("Names: Tailscale keeps changing them");
});

it("tells those that refuse when there are no others, and counts what is too much", () => {
  expect(lines(told(["unreachable 10.0.0.0/8 table 21319"]))).toContain("Route unreachable 10.0.0.0/8 table 21319");
  const many = lines(told(Array.from({ length: 20 }, (_, i) => `10.${i}.0.0/16 dev sag0 table 21319`)));
  expect(many.filter((line) => line.startsWith("Route"))).toHaveLength(16);
  expect(many).toContain("and 4 routes more");
});

it("tells what is held back outside the tunnel", () => {
  const guard = (of: object): string[] => {
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
      phase: "PHASE_RECONNECTING",
      mode: "MODE_SYSTEM",
      machine: { guard: { blocking: "BLOCKING_INTRANET", ...of } },
    });
    return lines(state);
  };
  expect(guard({ prefixes: ["10.0.0.0/8", "fd00::/8"], domains: ["corp.test"], dropped: "7" })).toContain(
    "Guard: 2 prefixes and 1 domain leave by the tunnel or not at all · 7 packets held back",
  );
  expect(guard({ lockdown: true, portalLeft: "61.2s" })).toEqual(
    expect.arrayContaining([
      "Lockdown: nothing leaves this machine but the tunnel",
      "A captive portal can be reached for 62 s",
    ]),
  );
});

it("tells the machine's lockdown: who wants it, since when, who lifts it, and the way to a captive portal", () => {
  const told = (of: Partial<LockdownView>): string[] => {
    const nobody = { by: null, sinceMs: null, portal: null, mayLift: false, mayOpenPortal: true };
    return lockdownLines({ ...nobody, ...of }, (_, text) => text);
  };
  expect(told({ by: "policy", sinceMs: 8_040_000 })).toEqual([
    "Lockdown: nothing leaves this machine but the tunnel (set by the intranet's policy, in force for 2 h 14 min)",
    "  It takes an administrator to lift it: sudo sag lockdown off",
    "  At a network that wants a sign-in of its own first: sag lockdown portal",
  ]);
  expect(told({ mayLift: true, portal: { link: "wlan0", leftMs: 61_200 } })).toEqual([
    "Lockdown: nothing leaves this machine but the tunnel",
    "  You may lift it: sag lockdown off",
    "  A captive portal can be reached by wlan0 for 62 s more",
  ]);
});
