import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { Secret } from "../credentials/secret.ts";
import { ProgressStore } from "../state/progress.ts";
import { causeOf, cloud, environment, failureOf, signIn, until } from "../testing/client.ts";
import { testEnvironment } from "../testing/environment.ts";
import { isRunning, useFakeTunnel } from "../testing/tunnel.ts";
import { createClient } from "./client.ts";
import type { ConnectOptions } from "./requests.ts";

it("ends tunnels that a test leaves connected", async () => {
  const own = testEnvironment();
  const tunnels = useFakeTunnel(own);
  const client = createClient({ environment: own });
  await client.signIn(signIn());
  await client.connect();
  expect(tunnels.pids()).toHaveLength(1);
  own.remove();
  await until(() => tunnels.pids().length === 0);
});

describe("connect", { timeout: 30_000 }, () => {
  it("connects, keeps its ports, reports that it is already connected, and disconnects", async () => {
    const tunnels = useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    const state = await client.connect();
    expect(state).toMatchObject({ phase: "connected", clientIp: "10.77.0.12", accessPoint: { id: "ap-1" } });
    expect(cloud.count("refresh")).toBe(0);
    const steps: string[] = [];
    await client.connect("contoso", { onStep: (step) => steps.push(step) });
    expect(steps).toEqual(["already_connected"]);
    expect(cloud.count("dial")).toBe(1);
    expect(tunnels.pids()).toHaveLength(1);
    // A client in another process has the same state.
    expect(await createClient({ environment }).states({ probe: true })).toMatchObject([
      { phase: "connected", pid: state.pid },
    ]);
    expect(await client.disconnect()).toMatchObject({ phase: "disconnected" });
    await until(() => tunnels.pids().length === 0);
    expect(await client.connect()).toMatchObject({ socks: state.socks, http: state.http });
    await client.disconnect();
  });

  it("refuses settings that a connected session does not have, and leaves it connected", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    const { socks = "", http = "" } = (await client.connect()) as { socks?: string; http?: string };
    const refused = async (options: ConnectOptions) => (await failureOf(client.connect("contoso", options))).view;
    const other = { cause: "already_exists", action: "Disconnect first." };
    expect(await refused({ accessPoint: "Berlin" })).toMatchObject({
      ...other,
      message: "contoso is already connected with other settings: through the access point Frankfurt.",
    });
    expect(await refused({ accessPoint: "foo" })).toMatchObject({
      cause: "invalid_argument",
      message: "There is no access point foo. Available: Frankfurt, Berlin.",
    });
    expect((await refused({ socks: "127.0.0.1:1", outside: "refuse" })).message).toBe(
      `contoso is already connected with other settings: with the SOCKS5 proxy at ${socks}, and with direct connections outside the intranet.`,
    );
    expect(await refused({ http: "127.0.0.1:1" })).toMatchObject({ ...other, message: expect.stringContaining(http) });
    for (const same of [
      { accessPoint: "Frankfurt", mode: "proxy", outside: "direct", socks, http },
      { accessPoint: "ap-1", socks: "127.0.0.1:0" },
    ] as const) {
      expect(await client.connect("contoso", same)).toMatchObject({ phase: "connected", cause: null });
    }
    expect(await client.connect("contoso", { accessPoint: "Berlin", acceptsOther: true })).toMatchObject({ socks });
    expect(await client.states()).toMatchObject([{ phase: "connected", cause: null }]);
    expect(cloud.count("dial")).toBe(1);
    await client.disconnect();
  });

  it("replaces a stored port that is in use, but never a requested one", async () => {
    useFakeTunnel(environment, { taken: ["127.0.0.1:1080"] });
    const client = createClient({ environment });
    await client.signIn(signIn());
    expect(await causeOf(client.connect(undefined, { socks: "127.0.0.1:1080" }))).toBe("port_in_use");
    const { SettingsFile } = await import("../settings/settings.ts");
    const settings = new SettingsFile(environment);
    await settings.update(({ intranets }) =>
      Object.assign(intranets[0] ?? {}, { socks: "127.0.0.1:1080", http: "127.0.0.1:1081" }),
    );
    const state = await client.connect();
    expect(state.socks).not.toBe("127.0.0.1:1080");
    await client.disconnect();
  });

  it("refreshes an expired or refused access token once", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    environment.advance(3_600_000);
    await client.connect();
    expect(cloud.count("refresh")).toBe(1);
    await client.disconnect();
    cloud.forgetAccessTokens();
    await client.connect();
    expect([cloud.count("refresh"), cloud.count("dial")]).toEqual([2, 3]);
    await client.disconnect();
  });

  it.each([
    ["no_access_point", Cause.NO_ACCESS_POINT],
    ["address_pool_exhausted", Cause.ADDRESS_POOL_EXHAUSTED],
    ["session_limit", Cause.SESSION_LIMIT],
  ])("reports %s and leaves nothing behind", async (code, cause) => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    cloud.refusal = { cause, sessions: [{ sessionId: "1", deviceName: "old\u0007phone", clientAddress: "10.77.0.9" }] };
    const failure = await failureOf(client.connect());
    expect(failure.code).toBe(code);
    expect(failure.view.sessions).toMatchObject([{ deviceName: "old phone" }]);
    expect(await client.states()).toMatchObject([{ phase: "failed", cause: { cause: code } }]);
    // Every other program has it as well, until something newer happens.
    const other = createClient({ environment });
    expect(await other.states()).toMatchObject([{ phase: "failed", cause: failure.view }]);
    cloud.refusal = undefined;
    await other.connect();
    await client.disconnect();
    expect(await client.states()).toMatchObject([{ phase: "disconnected", cause: null }]);
  });

  it("shows the server's text for an unknown cause", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    cloud.refusal = { cause: 9_999 as Cause, text: "the moon\u001b[31m is wrong" };
    expect((await failureOf(client.connect())).view).toMatchObject({
      cause: "unknown",
      message: "the moon [31m is wrong.",
    });
  });

  it.each([
    ["silent", "access_point_unreachable"],
    ["no_access_point", "no_access_point"],
  ])("stops the tunnel after %s", async (outcome, expected) => {
    const tunnels = useFakeTunnel(environment, { outcome });
    const client = createClient({ environment });
    await client.signIn(signIn());
    expect(await causeOf(client.connect(undefined, { timeoutMs: 6_000 }))).toBe(expected);
    await until(() => tunnels.pids().length === 0);
  });

  it("gives up when another program disconnects before the tunnel starts", async () => {
    const tunnels = useFakeTunnel(environment);
    const client = createClient({ environment });
    const { intranetId } = await client.signIn(signIn());
    const connecting = client.connect(undefined, {
      onStep: (step) => step === "dialling" && new ProgressStore(environment).clear(intranetId),
    });
    expect(await causeOf(connecting)).toBe("not_connected");
    expect(cloud.count("hangUp")).toBe(1);
    await until(() => tunnels.pids().length === 0);
  });

  it("cleans up after an abort", async () => {
    const tunnels = useFakeTunnel(environment, { outcome: "silent" });
    const client = createClient({ environment });
    await client.signIn(signIn());
    const abort = new AbortController();
    const connecting = client.connect(undefined, {
      signal: abort.signal,
      onStep: (step) => step === "waiting" && abort.abort(new Error("ctrl-c")),
    });
    await expect(connecting).rejects.toThrow("ctrl-c");
    await until(() => tunnels.pids().length === 0);
    expect(await client.states()).toMatchObject([{ phase: "disconnected" }]);
  });

  it("reports a crashed tunnel and resumes its session on connect", async () => {
    const tunnels = useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    const { pid } = await client.connect();
    tunnels.kill();
    await until(() => !isRunning(pid ?? 0));
    expect(await client.states()).toMatchObject([{ phase: "failed", cause: { cause: "tunnel_crashed" } }]);
    const again = await client.connect();
    expect(again.phase).toBe("connected");
    expect(again.pid).not.toBe(pid);
    expect(cloud.count("dial")).toBe(1);
    await client.disconnect();
  });

  it("dials again if the crashed tunnel's session has ended", async () => {
    const tunnels = useFakeTunnel(environment, { resume: "session_expired" });
    const client = createClient({ environment });
    await client.signIn(signIn());
    await client.connect();
    tunnels.kill();
    await until(() => tunnels.pids().length === 0);
    expect((await client.connect()).phase).toBe("connected");
    expect(cloud.count("dial")).toBe(2);
    await client.disconnect();
  });

  it("reports a missing tunnel program", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    expect(await causeOf(client.connect())).toBe("tunnel_binary_missing");
    environment.tunnelBinary = "/bin/false";
    expect(await causeOf(client.connect())).toBe("tunnel_crashed");
  });

  it("signs in and connects without storing a token", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    expect((await client.connectOnce(signIn())).phase).toBe("connected");
    await client.connectOnce(signIn({ password: new Secret("not needed") }));
    expect([cloud.count("signIn"), cloud.count("dial")]).toEqual([1, 1]);
    expect(readdirSync(environment.stateDir).sort()).toEqual(["device", "log"]);
    expect(await client.disconnect()).toMatchObject({ phase: "signed_out" });
    expect(await causeOf(client.connect())).toBe("sign_in_expired");
  });

  it("changes the password, and signs out locally even without the cloud instance", async () => {
    const notices: string[] = [];
    const client = createClient({ environment, onNotice: (text) => notices.push(text) });
    await client.signIn(signIn());
    await client.changePassword({ password: new Secret(cloud.password), newPassword: new Secret("Next-Horse22") });
    expect(cloud.password).toBe("Next-Horse22");
    await cloud.stop();
    expect(await client.signOut()).toMatchObject({ phase: "signed_out" });
    expect(notices).toEqual([
      expect.stringMatching(/^Your company's server \S+ does not answer\. The sign-in is deleted/),
    ]);
    expect(readdirSync(join(environment.stateDir, "credentials"))).toEqual([]);
    expect(await client.signOut(undefined, { forget: true })).toMatchObject({ phase: "signed_out" });
    expect(await client.states()).toEqual([]);
  });
});
