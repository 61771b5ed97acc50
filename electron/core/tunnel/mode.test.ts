import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { commandView, Failure, failureView } from "../causes/failure.ts";
import type { ConnectOptions } from "../client/client.ts";
import { layout } from "../service/layout.ts";
import { askTunnel, mergeState } from "../state/merge.ts";
import { type TestEnvironment, testEnvironment } from "../testing/environment.ts";
import { TestService } from "../testing/service.ts";
import { chooseService } from "./mode.ts";

/** The mode that is chosen, and the notice, for each state of the service. */
let environment: TestEnvironment;
let service: TestService;

beforeEach(() => {
  environment = testEnvironment();
  service = new TestService(environment);
});
afterEach(() => {
  service.close();
  environment.remove();
});

const intranet = { id: "aaaa", server: "vpn.acme.example:8443", code: "ACME1" };

const choose = async (options: ConnectOptions): Promise<string> => {
  const notices: string[] = [];
  const nameOf = async (id: string) => (id === "bbbb" ? "acme" : undefined);
  try {
    const socket = await chooseService(environment, intranet, nameOf, options, (text) => notices.push(text));
    return [socket ? "system" : "proxy", ...notices].join(": ");
  } catch (thrown) {
    if (thrown instanceof Failure) return `${thrown.code}: ${thrown.message} ${thrown.view.action}`;
    throw thrown;
  }
};

const here: StateJson = { intranetId: "aaaa", phase: "PHASE_CONNECTED" };
const elsewhere: StateJson = { intranetId: "bbbb", phase: "PHASE_RECONNECTING" };
const over: StateJson = { intranetId: "bbbb", phase: "PHASE_FAILED" };
const somebody: StateJson = { phase: "PHASE_DISCONNECTED", cause: { cause: "CAUSE_IN_USE_BY_ANOTHER_USER" } };
const proxy = "Connecting in proxy mode: programs set to use the proxy can reach the intranet.";
const system =
  "system: The tunnel service is running. Connecting in system mode: every program on this computer can reach the intranet.";
const acme = "This computer is already connected to acme. System mode allows one intranet at a time.";
const untrusted = "No administrator of this computer has trusted ACME1@vpn.acme.example:8443 for system mode.";
const command = "An administrator can allow it: sudo sag service trust ACME1@vpn.acme.example:8443";
const inUse = "Another user of this computer is connected.";

describe.each([
  { name: "no service", states: null, auto: `proxy: The tunnel service is not installed. ${proxy}` },
  { name: "a free service", states: [], auto: system, plain: "system", explicit: "system" },
  { name: "a service already connected to it", states: [here], auto: system, plain: "system", explicit: "system" },
  {
    name: "a service just disconnected from another",
    states: [over],
    auto: system,
    plain: "system",
    explicit: "system",
  },
  {
    name: "a service connected to another intranet",
    states: [elsewhere],
    auto: `proxy: ${acme} ${proxy}`,
    plain: `proxy: ${acme} ${proxy}`,
    explicit: `vpn_conflict: ${acme} Disconnect acme, or connect in proxy mode.`,
  },
  {
    name: "a service that does not trust the intranet",
    states: [],
    refusal: { cause: "CAUSE_NOT_PERMITTED", field: "trust", text: "no administrator has trusted it" },
    auto: `proxy: ${untrusted} ${command} ${proxy}`,
    plain: `proxy: ${untrusted} ${command} ${proxy}`,
    explicit: `not_permitted: ${untrusted} An administrator of this computer can allow it.`,
  },
  {
    name: "a service in use by another user",
    states: [somebody],
    auto: `proxy: ${inUse} ${proxy}`,
    plain: `proxy: ${inUse} ${proxy}`,
    explicit: `in_use_by_another_user: ${inUse} Ask them to disconnect.`,
  },
])("$name", ({ states, refusal, auto, plain, explicit }) => {
  it("depends on the service's state and the options", async () => {
    if (states) await service.serve({ states, ...(refusal ? { refusal } : {}) });
    expect(await choose({ mode: "auto" })).toBe(auto);
    expect(await choose({})).toBe(plain ?? "proxy");
    expect(await choose({ mode: "proxy" })).toBe("proxy");
    expect(await choose({ outside: "refuse" })).toBe("proxy");
    expect(await choose({ mode: "system" })).toContain(explicit ?? "service_not_running: ");
  });
});

describe("no service", () => {
  const advice = async (): Promise<string> => {
    const nameOf = async (): Promise<undefined> => undefined;
    const thrown = await chooseService(environment, intranet, nameOf, { mode: "system" }, () => {}).catch((e) => e);
    return `${thrown.message} ${commandView(thrown.view, thrown.details).action}`;
  };

  it("advises to install it, or to start it where it is installed", async () => {
    expect(await advice()).toMatch(
      /^The tunnel service is not installed\. Install it \(sudo sag service install\), or/,
    );
    const { binary } = layout(environment.serviceRoot);
    mkdirSync(dirname(binary), { recursive: true });
    writeFileSync(binary, "");
    expect(await advice()).toMatch(
      /^The tunnel service is not running\. Start it \(sudo systemctl start sag-tunnel\), or/,
    );
    const ended = failureView("service_not_running", { text: "The tunnel service ended." });
    expect(commandView(ended, { text: ended.message }).action).toContain("sudo sag repair");
    const missing = failureView("service_not_running", { text: "It needs systemd.", field: "systemd" });
    expect(commandView(missing, { text: missing.message }).action).not.toMatch(/systemctl|repair/);
  });
});

describe("a killed service", () => {
  const record = { id: "aaaa", name: "acme", displayName: "", user: "anna", server: "x", signedIn: true };
  const seen = async () =>
    mergeState(record as Parameters<typeof mergeState>[0], await askTunnel(environment, "aaaa", true), undefined);

  it("still blocks the intranet, which every client shows", async () => {
    service.leave('{"blocking":"none","holds":"intranet","phase":"connected","pid":"1"}\n');
    expect(await seen()).toMatchObject({
      phase: "failed",
      blocking: "intranet",
      mode: "system",
      cause: {
        cause: "service_not_running",
        message: "The tunnel service ended without restoring the network settings.",
        action: "An administrator of this computer can start it again or restore the network.",
      },
    });
  });

  it("is advised to be started again, or its changes to be undone", async () => {
    service.leave('{"blocking":"none","holds":"intranet","phase":"connected","pid":"1"}\n');
    const { cause } = await seen();
    expect(cause && commandView(cause).action).toMatch(/^Start it again .*sudo sag repair$/);
  });

  it("makes connecting fail with that reason", async () => {
    service.leave('{"blocking":"none","holds":"intranet","phase":"connected","pid":"1"}');
    const expected =
      "service_not_running: The tunnel service ended without restoring the network settings. An administrator of this computer can start it again or restore the network.";
    for (const options of [{ mode: "auto" }, { mode: "system" }, {}] satisfies ConnectOptions[]) {
      expect(await choose(options)).toBe(expected);
    }
    expect(await choose({ mode: "proxy" })).toBe("proxy");
  });

  it.each([
    ["that blocked nothing", '{"blocking":"none","holds":"none","phase":"disconnected","pid":"1"}'],
    ["whose file is truncated", '{"blocking":"no'],
    ["whose file has another format", '"intranet"'],
    ["whose file is too long", `{"holds":"intranet","x":"${"x".repeat(5000)}"}`],
  ])("%s is ignored", async (_, text) => {
    service.leave(text);
    expect(await seen()).toMatchObject({ phase: "disconnected", blocking: "none", cause: null });
  });

  it("reports its state again after a restart", async () => {
    service.leave('{"blocking":"none","holds":"intranet","phase":"connected","pid":"1"}');
    await service.serve({ states: [] });
    expect(await seen()).toMatchObject({ phase: "disconnected", blocking: "none", cause: null });
  });
});
