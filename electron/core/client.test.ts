import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { Failure } from "./causes/failure.ts";
import { type ClientEvent, createClient, type SignInOptions } from "./client.ts";
import { Secret } from "./credentials/secret.ts";
import { makeCertificate } from "./testing/certificate.ts";
import { FakeCloud } from "./testing/cloud.ts";
import { type TestEnvironment, testEnvironment } from "./testing/environment.ts";
import { isRunning, useFakeTunnel } from "./testing/tunnel.ts";

const certificate = makeCertificate();
let cloud: FakeCloud;
let environment: TestEnvironment;

beforeEach(async () => {
  cloud = await new FakeCloud(certificate).start();
  environment = testEnvironment();
});

afterEach(async () => {
  await cloud.stop();
  environment.remove();
});

const signIn = (over: Partial<SignInOptions> = {}): SignInOptions => ({
  invitation: cloud.link,
  userName: cloud.user,
  password: new Secret(cloud.password),
  store: "file",
  ...over,
});

/** The Failure that `work` ends in. */
async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof Failure)) throw new Error("it did not fail with a Failure", { cause: thrown });
  return thrown;
}

const causeOf = async (work: Promise<unknown>): Promise<string> => (await failureOf(work)).code;

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const files = (dir: string): string =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");

describe("sign-in", { timeout: 30_000 }, () => {
  it("keeps the intranet and the tokens, and nothing that was typed", async () => {
    const client = createClient({ environment });
    const state = await client.signIn(signIn());
    expect(state).toMatchObject({
      intranet: "contoso",
      phase: "disconnected",
      server: cloud.host,
      userName: cloud.user,
    });
    expect(await client.intranets()).toMatchObject([{ enterpriseCode: "AB12C", store: "file", signedIn: true }]);
    const kept = join(environment.stateDir, "credentials", `${state.intranetId}.json`);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(files(environment.configDir) + files(environment.stateDir)).not.toContain(cloud.password);
    // Again: the same intranet.
    expect((await client.signIn(signIn())).intranetId).toBe(state.intranetId);
    expect(await client.intranets()).toHaveLength(1);
  });

  it("tells wrong password, unknown code and a code without a server apart", async () => {
    const client = createClient({ environment });
    expect(await causeOf(client.signIn(signIn({ password: new Secret("nope") })))).toBe("bad_credentials");
    const other = cloud.link.replace(cloud.code, "ZZZZZ");
    expect(await causeOf(client.discover(other))).toBe("unknown_code");
    expect(await causeOf(client.discover("AB12C"))).toBe("invalid_argument");
    await client.signIn(signIn());
    expect(await client.discover("ab12c")).toMatchObject({
      displayName: "Contoso",
      known: "contoso",
      identity: { by: "pin" },
    });
  });

  it("refuses a name that is taken, and a store that is not there, before a password is sent", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn({ intranet: "work" }));
    writeFileSync(join(environment.stateDir, "credentials-blocked"), "");
    const blocked = { ...environment, stateDir: join(environment.stateDir, "credentials-blocked") };
    cloud.calls.length = 0;
    expect(await causeOf(createClient({ environment: blocked }).signIn(signIn()))).not.toBe("bad_credentials");
    expect(cloud.calls).toEqual([]);
    expect(await causeOf(client.signIn(signIn({ intranet: "../x" })))).toBe("invalid_argument");
  });
});

describe("identity of the server", { timeout: 30_000 }, () => {
  it("stops at a wrong pin, having sent nothing", async () => {
    const link = cloud.link.replace(cloud.pin, "0".repeat(64));
    expect(await causeOf(createClient({ environment }).signIn(signIn({ invitation: link })))).toBe(
      "instance_identity_changed",
    );
    expect(cloud.calls).toEqual([]);
  });

  it("does not trust a self-made certificate without a pin, unless a person does", async () => {
    const client = createClient({ environment });
    const invitation = `${cloud.code}@${cloud.host}`;
    const failure = await failureOf(client.signIn(signIn({ invitation })));
    expect([failure.code, failure.details.fingerprint]).toEqual(["instance_identity_unknown", cloud.pin]);
    expect(await causeOf(client.signIn(signIn({ invitation, decideIdentity: async () => false })))).toBe(
      "instance_identity_unknown",
    );
    expect(cloud.calls).toEqual([]);
    const asked: string[] = [];
    await client.signIn(
      signIn({
        invitation,
        decideIdentity: async ({ server, fingerprint }) => {
          asked.push(`${server} ${fingerprint}`);
          return true;
        },
      }),
    );
    expect(asked).toEqual([`${cloud.host} ${cloud.pin}`]);
    // Said once: from now on it is pinned.
    await client.signIn(signIn({ invitation }));
  });

  it("stops at a changed certificate, even when a new link vouches for it", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    cloud.calls.length = 0;
    await cloud.changeCertificate();
    expect(await causeOf(client.signIn(signIn({ decideIdentity: async () => true })))).toBe(
      "instance_identity_changed",
    );
    useFakeTunnel(environment);
    environment.advance(3_600_000);
    expect(await causeOf(client.connect())).toBe("instance_identity_changed");
    expect(cloud.calls).toEqual([]);
    await client.signOut(undefined, { forget: true });
    await client.signIn(signIn());
  });

  it("takes over the pins that a trusted connection announces", async () => {
    const client = createClient({ environment });
    const spare = makeCertificate();
    cloud.announced = [cloud.pin, spare.pin];
    await client.signIn(signIn());
    await cloud.stop();
    const port = Number(cloud.host.split(":")[1]);
    const next = new FakeCloud(spare);
    await next.startAt(port);
    try {
      await client.signIn(signIn({ invitation: `${cloud.code}@${cloud.host}` }));
    } finally {
      await next.stop();
    }
  });

  it("negotiates X25519MLKEM768", async () => {
    const { InstanceApi } = await import("./instance/api.ts");
    const { parseAddress } = await import("./instance/address.ts");
    const api = await InstanceApi.open(parseAddress(cloud.host), { pins: [cloud.pin] });
    expect(api.keyExchange).toBe("X25519MLKEM768");
    api.close();
  });
});

describe("answers", { timeout: 30_000 }, () => {
  const answering = async (handler: FakeCloud["handler"]): Promise<string> => {
    cloud.handler = handler;
    return causeOf(createClient({ environment }).discover(cloud.link));
  };

  it("does not read on after 256 KiB", async () => {
    let sent = 0;
    const cause = await answering((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto" });
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (sent < 10 * 1024 * 1024 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    expect(cause).toBe("answer_too_large");
    await until(() => true);
    expect(sent).toBeLessThan(8 * 1024 * 1024);
  });

  it("refuses one that says it is too large", async () => {
    const cause = await answering((_request, response) => {
      response.writeHead(200, { "content-type": "application/proto", "content-length": 10 << 20 });
      response.write("x");
    });
    expect(cause).toBe("answer_too_large");
  });

  it.each([
    ["truncated", 200, { "content-type": "application/proto", "content-length": "100" }, "\n", true, "answer_invalid"],
    ["garbled", 200, { "content-type": "application/proto" }, "\u0007garbage", false, "answer_invalid"],
    ["empty", 200, { "content-type": "application/proto" }, "", false, "answer_invalid"],
    ["a page", 200, { "content-type": "text/html" }, "<html>", false, "answer_invalid"],
    ["not Connect", 404, { "content-type": "application/json" }, "{}", false, "answer_invalid"],
    [
      "an unknown call",
      404,
      { "content-type": "application/json" },
      '{"code":"unimplemented"}',
      false,
      "protocol_too_old",
    ],
    [
      "overloaded",
      503,
      { "content-type": "application/json" },
      '{"code":"unavailable"}',
      false,
      "instance_unreachable",
    ],
  ])("tells %s apart", async (_name, status, headers, body, cut, expected) => {
    const cause = await answering((_request, response) => {
      response.writeHead(status, headers);
      if (cut) response.write(body, () => response.destroy());
      else response.end(body);
    });
    expect(cause).toBe(expected);
  });

  it("says in a moment when nobody is there", async () => {
    await cloud.stop();
    const began = performance.now();
    expect(await causeOf(createClient({ environment }).discover(cloud.link))).toBe("instance_unreachable");
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("connect", { timeout: 30_000 }, () => {
  it("connects, remembers its ports, says when it is connected already, and disconnects", async () => {
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
    // Another process sees the same.
    expect(await createClient({ environment }).states({ probe: true })).toMatchObject([
      { phase: "connected", pid: state.pid },
    ]);
    expect(await client.disconnect()).toMatchObject({ phase: "disconnected" });
    await until(() => tunnels.pids().length === 0);
    expect(await client.connect()).toMatchObject({ socks: state.socks, http: state.http });
    await client.disconnect();
  });

  it("gives up a remembered port that is taken, and never one that was asked for", async () => {
    useFakeTunnel(environment, { taken: ["127.0.0.1:1080"] });
    const client = createClient({ environment });
    await client.signIn(signIn());
    expect(await causeOf(client.connect(undefined, { socks: "127.0.0.1:1080" }))).toBe("port_in_use");
    const { SettingsFile } = await import("./settings/settings.ts");
    const settings = new SettingsFile(environment);
    await settings.update(({ intranets }) =>
      Object.assign(intranets[0] ?? {}, { socks: "127.0.0.1:1080", http: "127.0.0.1:1081" }),
    );
    const state = await client.connect();
    expect(state.socks).not.toBe("127.0.0.1:1080");
    await client.disconnect();
  });

  it("refreshes an access token that has ended or is refused, once", async () => {
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
  ])("tells %s and leaves nothing", async (code, cause) => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    cloud.refusal = { cause, sessions: [{ sessionId: "1", deviceName: "old\u0007phone", clientAddress: "10.77.0.9" }] };
    const failure = await failureOf(client.connect());
    expect(failure.code).toBe(code);
    expect(failure.view.sessions).toMatchObject([{ deviceName: "old phone" }]);
    expect(await client.states()).toMatchObject([{ phase: "failed", cause: { cause: code } }]);
    expect(await createClient({ environment }).states()).toMatchObject([{ phase: "disconnected" }]);
  });

  it("shows a cause it does not know by the server's words", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    cloud.refusal = { cause: 9_999 as Cause, text: "the moon\u001b[31m is wrong" };
    expect((await failureOf(client.connect())).view).toMatchObject({
      cause: "unknown",
      message: "the moon [31m is wrong",
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

  it("leaves nothing half done when it is aborted", async () => {
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

  it("tells a crashed tunnel, and has its session back on connect", async () => {
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

  it("dials anew when the crashed tunnel's session has ended", async () => {
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

  it("says that there is no tunnel program", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    expect(await causeOf(client.connect())).toBe("tunnel_binary_missing");
    environment.tunnelBinary = "/bin/false";
    expect(await causeOf(client.connect())).toBe("tunnel_crashed");
  });

  it("signs in and dials in one, keeping no token", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    expect((await client.connectOnce(signIn())).phase).toBe("connected");
    await client.connectOnce(signIn({ password: new Secret("not needed") }));
    expect([cloud.count("signIn"), cloud.count("dial")]).toEqual([1, 1]);
    expect(readdirSync(environment.stateDir).sort()).toEqual(["device", "log"]);
    expect(await client.disconnect()).toMatchObject({ phase: "signed_out" });
    expect(await causeOf(client.connect())).toBe("sign_in_expired");
  });

  it("changes the password, and signs out here even when the cloud instance is gone", async () => {
    const notices: string[] = [];
    const client = createClient({ environment, onNotice: (text) => notices.push(text) });
    await client.signIn(signIn());
    await client.changePassword({ password: new Secret(cloud.password), newPassword: new Secret("Next-Horse22") });
    expect(cloud.password).toBe("Next-Horse22");
    await cloud.stop();
    expect(await client.signOut()).toMatchObject({ phase: "signed_out" });
    expect(notices).toHaveLength(1);
    expect(readdirSync(join(environment.stateDir, "credentials"))).toEqual([]);
    expect(await client.signOut(undefined, { forget: true })).toMatchObject({ phase: "signed_out" });
    expect(await client.states()).toEqual([]);
  });
});

describe("watch", { timeout: 30_000 }, () => {
  it("tells a snapshot, then what any process does", async () => {
    const tunnels = useFakeTunnel(environment);
    const events: ClientEvent[] = [];
    const watching = createClient({ environment }).watch((event) => events.push(event));
    const last = (): string => {
      const event = events.at(-1);
      return event?.kind === "changed" ? event.state.phase : (event?.kind ?? "");
    };
    await until(() => last() === "snapshot");
    // From another process's point of view.
    const client = createClient({ environment });
    await client.signIn(signIn());
    await until(() => last() === "disconnected");
    await client.connect();
    await until(() => last() === "connected");
    tunnels.kill();
    await until(() => last() === "failed");
    await client.connect();
    await until(() => last() === "connected");
    watching.setAttentive(true);
    await client.disconnect();
    await until(() => last() === "disconnected");
    await client.signOut(undefined, { forget: true });
    await until(() => last() === "removed");
    watching.close();
  });

  it("begins with what is up already", async () => {
    useFakeTunnel(environment);
    const client = createClient({ environment });
    await client.signIn(signIn());
    await client.connect();
    const snapshot = await new Promise<ClientEvent>((resolve) => createClient({ environment }).watch(resolve));
    expect(snapshot).toMatchObject({ kind: "snapshot", states: [{ phase: "connected" }] });
    await client.disconnect();
  });
});

describe("settings", { timeout: 30_000 }, () => {
  it("puts a damaged file aside and goes on", async () => {
    const notices: string[] = [];
    mkdirSync(environment.configDir, { recursive: true });
    writeFileSync(join(environment.configDir, "settings.json"), '{"version":1,"intranets":[{"id"');
    const client = createClient({ environment, onNotice: (text) => notices.push(text) });
    expect(await client.states()).toEqual([]);
    expect(notices).toHaveLength(1);
    expect(readFileSync(join(environment.configDir, "settings.json.damaged"), "utf8")).toContain('{"id"');
  });

  it("keeps what a later version wrote", async () => {
    const client = createClient({ environment });
    await client.signIn(signIn());
    const path = join(environment.configDir, "settings.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    settings.later = { a: 1 };
    settings.intranets[0].colour = "blue";
    writeFileSync(path, JSON.stringify(settings));
    await client.signIn(signIn({ intranet: "renamed" }));
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      later: { a: 1 },
      intranets: [{ colour: "blue", name: "renamed" }],
    });
  });
});
