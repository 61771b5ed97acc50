import { expect, it } from "vitest";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import type { HopJson, HopKindJson } from "#proto/types/v1/state_pb.js";
import { commandView, Failure } from "../core/causes/failure.ts";
import type { IntranetState, LockdownView } from "../core/client/model.ts";
import { mergeState } from "../core/state/merge.ts";
import { tunnelState } from "../core/state/tunnel-view.ts";
import { stateOutput } from "./json.ts";
import { lockdownLines, stateLines } from "./words.ts";

const record = { id: "contoso01", name: "contoso", displayName: "Contoso", user: "anna", server: "sag.example" };
const systemState = (routes: string[]): IntranetState =>
  tunnelState(record as Parameters<typeof tunnelState>[0], {
    phase: "PHASE_CONNECTED",
    mode: "MODE_SYSTEM",
    machine: { routes, rules: ["5200: not from all fwmark 0x53470000 lookup 21319"] },
  });
const lines = (state: IntranetState): string[] => stateLines(state, (_, text) => text).map((line) => line.trim());

it.each([
  [2_500, "Your administrator limits the speed to 2.5 Mbit/s each way"],
  [512, "Your administrator limits the speed to 512 kbit/s each way"],
])("shows the limit of %i Kbit/s", (bandwidthKbps, line) => {
  const session = { sessionId: "0".repeat(32), bandwidthKbps };
  const state = tunnelState(record as Parameters<typeof tunnelState>[0], { phase: "PHASE_CONNECTED", session });
  expect(state.session?.bandwidthKbps).toBe(bandwidthKbps);
  expect(lines(state)).toContain(line);
});

it("shows no bandwidth limit where there is none", () => {
  const session = { sessionId: "0".repeat(32) };
  const state = tunnelState(record as Parameters<typeof tunnelState>[0], { phase: "PHASE_CONNECTED", session });
  expect(state.session?.bandwidthKbps).toBeNull();
  expect(lines(state).join()).not.toContain("limits the speed");
});

it("shows the routes and rules on the host", () => {
  const state = systemState(["10.0.0.0/8 dev sag0 table 21319", "unreachable 10.0.0.0/8 table 21319\u001b[2J"]);
  expect(lines(state)).toEqual(
    expect.arrayContaining([
      "Route 10.0.0.0/8 dev sag0 table 21319",
      "Rule 5200: not from all fwmark 0x53470000 lookup 21319",
    ]),
  );
  expect(state.machine?.routes[1]).toBe("unreachable 10.0.0.0/8 table 21319 [2J");
});

it("shows the DNS servers and DNS conflicts", () => {
  const names = (of: object): string | undefined => {
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
      phase: "PHASE_CONNECTED",
      mode: "MODE_SYSTEM",
      machine: { names: { backend: "systemd-resolved", servers: ["10.0.0.53"], ...of } },
    });
    return lines(state).find((line) => line.startsWith("DNS"));
  };
  expect(names({ domains: ["corp.test"] })).toBe("DNS: corp.test → 10.0.0.53 · systemd-resolved");
  expect(names({ domains: ["a.test", "b.test", "c.test", "d.test", "e.test"] })).toContain("d.test and 1 more →");
  expect(names({ domains: ["corp.test", "10.in-addr.arpa", "d.f.ip6.arpa"] })).toContain(
    "DNS: corp.test and 2 reverse zones →",
  );
  expect(names({ everything: true })).toBe("DNS: all names → 10.0.0.53 · systemd-resolved");
  expect(names({ trouble: "Tailscale keeps changing them" })).toBe("DNS: Tailscale keeps changing them");
});

it("shows the search domains", () => {
  const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
    phase: "PHASE_CONNECTED",
    session: { sessionId: "0f", dns: { servers: ["10.0.0.53"], searchDomains: ["corp.test", "eng.test"] } },
  });
  expect(lines(state)).toContain("Short names are looked up in corp.test, eng.test");
});

it("shows unreachable routes if there are no others, and counts those beyond the limit", () => {
  expect(lines(systemState(["unreachable 10.0.0.0/8 table 21319"]))).toContain(
    "Route unreachable 10.0.0.0/8 table 21319",
  );
  const many = lines(systemState(Array.from({ length: 20 }, (_, i) => `10.${i}.0.0/16 dev sag0 table 21319`)));
  expect(many.filter((line) => line.startsWith("Route"))).toHaveLength(16);
  expect(many).toContain("and 4 more routes");
});

it("shows what the kill switch drops", () => {
  const guard = (of: object): string[] => {
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
      phase: "PHASE_RECONNECTING",
      mode: "MODE_SYSTEM",
      machine: { guard: { blocking: "BLOCKING_INTRANET", ...of } },
    });
    return lines(state);
  };
  expect(guard({ prefixes: ["10.0.0.0/8", "fd00::/8"], domains: ["corp.test"], dropped: "7" })).toContain(
    "Kill switch: 2 prefixes and 1 domain only through the tunnel · 7 packets blocked",
  );
  expect(guard({ lockdown: true, portalLeft: "61.2s" })).toEqual(
    expect.arrayContaining([
      "Lockdown: nothing leaves this computer except through the tunnel",
      "A captive portal can be reached for another 62 s",
    ]),
  );
});

it("shows lockdown: who turned it on, since when, who can turn it off, and the captive-portal exception", () => {
  const lockdownText = (of: Partial<LockdownView>): string[] => {
    const nobody = { by: null, sinceMs: null, portal: null, mayLift: false, mayOpenPortal: true };
    return lockdownLines({ ...nobody, ...of }, (_, text) => text);
  };
  expect(lockdownText({ by: "policy", sinceMs: 8_040_000 })).toEqual([
    "Lockdown: nothing leaves this computer except through the tunnel (set by your company's policy, on for 2 h 14 min)",
    "  An administrator can turn it off: sudo sag lockdown off",
    "  On a network with its own sign-in page: sag lockdown portal",
  ]);
  expect(lockdownText({ mayLift: true, portal: { link: "wlan0", leftMs: 61_200 } })).toEqual([
    "Lockdown: nothing leaves this computer except through the tunnel",
    "  You can turn it off: sag lockdown off",
    "  A captive portal can be reached over wlan0 for another 62 s",
  ]);
});

it.each(["PHASE_DISCONNECTED", "PHASE_FAILED", "PHASE_CONNECTED"] as const)(
  "shows addresses and hops only while connected: %s",
  (phase) => {
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
      phase,
      hops: [{ kind: "HOP_KIND_CLIENT", name: "This device" }],
    });
    const shown = lines({ ...state, socks: "127.0.0.1:1080" }).join();
    expect(/SOCKS|This device/.test(shown)).toBe(phase === "PHASE_CONNECTED");
  },
);

it("marks only the hop that does not work, and shows those behind it as unknown, each with a name", () => {
  const hop = (kind: HopKindJson, id: string, name = ""): HopJson => ({ kind, id, name, whole: true });
  const hops = [
    hop("HOP_KIND_CLIENT", ""),
    hop("HOP_KIND_ACCESS_POINT", "ap-1"),
    hop("HOP_KIND_INSTANCE", "sag-1"),
    hop("HOP_KIND_CCN", "ccn-1"),
    hop("HOP_KIND_CEN", "cen-1"),
    hop("HOP_KIND_CLOUD_NETWORK", "vpc-1", "Office"),
  ];
  const chain = (of: StateJson): string | undefined => {
    const point = { id: "ap-1", name: "Paris" };
    const described: StateJson = { phase: "PHASE_CONNECTED", accessPoint: point, hops, answered: true };
    const state = tunnelState(record as Parameters<typeof tunnelState>[0], { ...described, ...of });
    return lines(state).find((line) => line.includes("─"));
  };
  expect(chain({})).toBe("You ─ Paris ─ Contoso ─ CCN ccn-1 ─ CEN cen-1 ─ Office");
  expect(chain({ answered: false })).toBe(
    "You ─ Paris ─ Contoso ─ CCN ccn-1 (unknown) ─ CEN cen-1 (unknown) ─ Office (unknown)",
  );
  expect(chain({ warnings: [{ code: "WARNING_CODE_INSTANCE_UNREACHABLE", hop: "HOP_KIND_INSTANCE" }] })).toBe(
    "You ─ Paris ─ Contoso (!) ─ CCN ccn-1 (unknown) ─ CEN cen-1 (unknown) ─ Office (unknown)",
  );
  expect(chain({ phase: "PHASE_RECONNECTING" })).toBe(
    "You ─ Access point (!) ─ Contoso (unknown) ─ CCN ccn-1 (unknown) ─ CEN cen-1 (unknown) ─ Office (unknown)",
  );
});

it("names the access point only while it is in use", () => {
  const text = (phase: "PHASE_CONNECTED" | "PHASE_RECONNECTING"): string => {
    const point = { id: "ap-1", name: "Paris", latency: "0.012s" };
    const hops = [{ kind: "HOP_KIND_ACCESS_POINT" as const, id: "ap-1", name: "Paris", whole: true }];
    const of = { phase, accessPoint: point, hops, session: { sessionId: "0f", addresses: ["10.77.0.12/32"] } };
    return lines(tunnelState(record as Parameters<typeof tunnelState>[0], of)).join("\n");
  };
  expect(text("PHASE_CONNECTED")).toContain("10.77.0.12 · Paris · 12 ms");
  expect(text("PHASE_RECONNECTING")).toContain("10.77.0.12\n");
  expect(text("PHASE_RECONNECTING")).not.toMatch(/Paris| ms/);
});

it("names the command and the intranet when a sign-in has ended", () => {
  const state = tunnelState(record as Parameters<typeof tunnelState>[0], {
    phase: "PHASE_FAILED",
    cause: { cause: "CAUSE_SIGN_IN_EXPIRED" },
  });
  expect(lines(state).join()).toContain("Run: sag sign-in contoso");
});

it("advises the same as the command that failed, also if the advice depends on the sender's text", () => {
  const failure = new Failure("service_not_running", { text: "The tunnel service does not answer." });
  const advice = commandView(failure.view, failure.details).action;
  expect(advice).toContain("sudo sag repair");
  const failed = { phase: "failed", cause: failure.view, tunnel: "" } as const;
  const state = mergeState({ ...record, signedIn: true } as Parameters<typeof mergeState>[0], null, failed);
  expect(lines(state)).toContain(`${failure.message} ${advice}`);
  expect(stateOutput(state)).toMatchObject({ action: advice });
  expect(commandView(failure.view)).not.toHaveProperty("text");
});
