import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cause } from "#proto/types/v1/cause_pb.js";
import { buildBundles } from "../../build/build.ts";
import { causeTable } from "../../common/causes/table.ts";
import type { CauseCode } from "../core/client/model.ts";
import { FakeCloud } from "../core/testing/cloud.ts";
import { testEnvironment } from "../core/testing/environment.ts";
import { isRunning, useFakeTunnel } from "../core/testing/tunnel.ts";
import { failureSchema, outputs } from "./schemas.ts";

/** Runs the command as separate processes. Only the cloud and the tunnel are fakes. */
const root = mkdtempSync("/tmp/sag-c-");
const machine = testEnvironment();
let cloud: FakeCloud;

beforeAll(async () => {
  await buildBundles();
  cloud = await new FakeCloud().start();
  useFakeTunnel(machine);
}, 60_000);
afterAll(async () => {
  await cloud.stop();
  machine.remove();
  rmSync(root, { recursive: true, force: true });
});

interface Done {
  code: number | null;
  stdout: string;
  stderr: string;
}

const main = fileURLToPath(new URL("../../dist/sag.mjs", import.meta.url));

function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, [main, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: root,
      XDG_RUNTIME_DIR: root,
      SAG_TUNNEL: machine.tunnelBinary ?? "",
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

async function sag(args: string[], stdin = "", env: NodeJS.ProcessEnv = {}): Promise<Done> {
  const child = start(args, env);
  const done: Done = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => {
    done.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    done.stderr += text;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  done.code = await new Promise((resolve) => child.on("close", resolve));
  if (args.includes("--json")) checkShape(args, done);
  return done;
}

/** Checks that the output has the shape documented in docs/cli.md. */
function checkShape(args: string[], { code, stdout }: Done): void {
  const verb = args.find((one) => one !== "--json") ?? "";
  const schema = code === 0 ? outputs[verb] : failureSchema;
  schema?.parse(JSON.parse(stdout));
}

/**
 * Checks that a command fails with this cause: the exit code, only JSON on stdout, and text without a stack on
 * stderr.
 */
async function fails(cause: CauseCode, args: string[], stdin = "", env: NodeJS.ProcessEnv = {}): Promise<void> {
  const result = await sag([...args, "--json"], stdin, env);
  expect(result.code, result.stdout + result.stderr).toBe(causeTable[cause].exit);
  const json = JSON.parse(result.stdout);
  expect(json).toMatchObject({ cause, message: expect.stringMatching(/\S/), action: expect.any(String) });
  expect(result.stdout.trim().split("\n")).toHaveLength(1);
  expect(result.stdout + result.stderr).not.toMatch(/ {4}at |node:|Error:/);
}

const invite = (): string[] => [cloud.link, "--user", cloud.user, "--password-stdin"];

describe("sag", { timeout: 60_000 }, () => {
  it("prints only its version", async () => {
    expect(await sag(["version"])).toEqual({ code: 0, stdout: "sag 0.1.0\n", stderr: "" });
    expect(JSON.parse((await sag(["--json", "version"])).stdout)).toMatchObject({ version: "0.1.0" });
  });

  it.each([
    [["frobnicate"]],
    [["connect", "--frobnicate"]],
    [["connect", "--timeout", "soon"]],
    [["connect", "--socks", "0.0.0.0:1080"]],
    [["connect", "--mode", "magic"]],
    [["status", "one", "two"]],
    [["sign-in"]],
    [["sign-in", "AB12", "--user", "x", "--password-stdin"]],
    [["sign-in", "AB12C@127.0.0.1", "--password-stdin"]],
  ])("refuses %j with exit code 2 and the reason", async (args) => {
    await fails("invalid_argument", args, "secret\n");
    const words = await sag(args, "secret\n");
    expect(words).toMatchObject({ code: 2, stdout: "" });
    expect(words.stderr).toMatch(/^sag: /);
  });

  it.each([
    [["frobnicate"], "sag"],
    [["connect", "--frobnicate"], "sag connect"],
    [["connect", "--timeout", "soon"], "sag connect"],
    [["--json", "sign-in", "AB12C"], "sag sign-in"],
  ])("names the command whose --help explains %j", async (args, command) => {
    const advice = `See ${command} --help.`;
    expect(JSON.parse((await sag([...args, "--json"])).stdout)).toMatchObject({ action: advice });
    const words = await sag(args.filter((one) => one !== "--json"));
    expect(words.stderr.trimEnd().split("\n").at(-1)?.trim()).toBe(advice);
  });

  it("lists no intranets at first", async () => {
    expect(await sag(["status", "--json"])).toMatchObject({ code: 0, stdout: "[]\n" });
    await fails("unknown_intranet", ["connect"]);
    await fails("unknown_intranet", ["status", "--intranet", "work"]);
    for (const args of [["proxy"], ["proxy", "--all"], ["ssh-config", "--all"], ["ping", "wiki"]]) {
      await fails("unknown_intranet", args);
    }
    const advice = "No intranet has been added yet. Sign in with your enrolment link: sag sign-in LINK";
    for (const args of [["connect"], ["disconnect"], ["sign-out"], ["devices"], ["run", "true"], ["status"]]) {
      const { stdout, stderr } = await sag(args);
      const words = (stdout + stderr).replace(/^sag: /, "").replace(/\s+/g, " ");
      expect(words.trim(), args[0]).toBe(advice);
    }
  });

  it("distinguishes wrong passwords, codes, pins, certificates and a missing keychain", async () => {
    await fails("bad_credentials", ["sign-in", ...invite(), "--store", "file"], "wrong\n");
    await fails(
      "unknown_code",
      ["sign-in", cloud.link.replace("AB12C", "ZZZZZ"), "--user", "x", "--password-stdin"],
      "x\n",
    );
    await fails(
      "instance_identity_changed",
      ["sign-in", cloud.link.replace(cloud.pin, "0".repeat(64)), "--user", "x", "--password-stdin"],
      "x\n",
    );
    await fails(
      "instance_identity_unknown",
      ["sign-in", `AB12C@${cloud.host}`, "--user", "x", "--password-stdin"],
      "x\n",
    );
    await fails("keychain_unavailable", ["sign-in", ...invite()], cloud.password);
  });

  it("signs in, connects, shows the status, disconnects and signs out", async () => {
    const password = `${cloud.password}\n`;
    expect(await sag(["sign-in", ...invite(), "--store", "file"], password)).toMatchObject({ code: 0 });
    const connected = await sag(["connect", "--json"]);
    expect(JSON.parse(connected.stdout)).toMatchObject({
      phase: "connected",
      cause: null,
      intranet: "contoso",
      mode: "proxy",
    });
    const again = await sag(["connect"]);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining("already connected") });
    expect(await sag(["connect", "--access-point", "foo"])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("Available: Frankfurt, Berlin."),
    });
    for (const other of ["--access-point=Berlin", "--outside=refuse", "--socks=127.0.0.1:1", "--http=127.0.0.1:1"]) {
      const refused = await sag(["connect", other]);
      expect([other, refused.code, refused.stdout]).toEqual([other, 79, ""]);
      expect(refused.stderr).toContain("sag disconnect contoso");
    }
    const [state] = JSON.parse((await sag(["status", "--json"])).stdout);
    expect(state).toMatchObject({ phase: "connected", warnings: [], blocking: "none", rxBytes: 0, hops: [] });
    const proxy = await sag(["proxy"]);
    expect(proxy.stdout).toContain(`export HTTPS_PROXY=http://${state.http}`);
    const words = await sag(["status"], "", { NO_COLOR: "1" });
    expect(words.stdout).toMatch(/Connected/);
    expect(words.stdout).not.toContain("\u001b");

    process.kill(state.pid, "SIGKILL");
    const crashed = JSON.parse((await sag(["status", "--json"])).stdout);
    expect(crashed).toMatchObject([
      { phase: "failed", cause: "tunnel_crashed", action: expect.stringContaining("sag connect") },
    ]);
    expect(await sag(["connect"])).toMatchObject({ code: 0 });

    expect(JSON.parse((await sag(["disconnect", "--json"])).stdout)).toMatchObject({ phase: "disconnected" });
    expect(JSON.parse((await sag(["sign-out", "--json"])).stdout)).toMatchObject({ phase: "signed_out" });
    await fails("sign_in_expired", ["connect"]);
    const once = await sag(["connect", ...invite(), "--json"], password);
    expect(JSON.parse(once.stdout)).toMatchObject({ phase: "connected", intranet: "contoso" });
    expect(existsSync(join(root, ".local/state/sag/credentials", `${state.intranetId}.json`))).toBe(false);
    expect(await sag(["sign-out", "--forget"])).toMatchObject({ code: 0 });
    expect(await sag(["status", "--json"])).toMatchObject({ stdout: "[]\n" });
  });

  it("advises commands that work after the server has ended a sign-in", async () => {
    const password = `${cloud.password}\n`;
    const credentials = ["--user", cloud.user, "--password-stdin"];
    await sag(["sign-in", ...invite(), "--store", "file"], password);
    for (const verb of ["connect", "devices", "sessions"]) {
      cloud.endSignIns();
      const { code, stderr } = await sag([verb]);
      expect(code, stderr).toBe(causeTable.sign_in_expired.exit);
      const advised = /Run: sag (.+)/.exec(stderr)?.[1]?.split(" ") ?? [];
      expect(advised, verb).toEqual(["sign-in", "contoso"]);
      const done = await sag([...advised, ...credentials], password);
      expect(done, verb).toMatchObject({ code: 0 });
    }
    expect(await sag(["sign-out", "--forget"])).toMatchObject({ code: 0 });
  });

  it("lists devices, and advises the command that ends a session at the session limit", async () => {
    const password = `${cloud.password}\n`;
    await sag(["sign-in", ...invite(), "--store", "file"], password);
    expect((await sag(["devices"])).stdout).toMatch(/^laptop · \S+ · last seen .+ ago · this device · [0-9a-f]{32}\n$/);
    const session = { sessionId: "b".repeat(32), deviceName: "laptop" };
    cloud.refusal = { cause: Cause.SESSION_LIMIT, sessions: [session] };
    const { code, stderr } = await sag(["connect"]);
    cloud.refusal = undefined;
    expect(code, stderr).toBe(causeTable.session_limit.exit);
    expect(stderr).toMatch(new RegExp(`${session.sessionId}.+  for 0 s$`, "m"));
    const [, advised = ""] = /\(sag (.+)\)/.exec(stderr) ?? [];
    expect(advised).toBe("sessions contoso --end ID");
    expect(await sag(advised.replace("ID", session.sessionId).split(" "))).toMatchObject({ code: 0 });
    expect(await sag(["sign-out", "--forget"])).toMatchObject({ code: 0 });
  });

  it("stores the sign-in of connect according to --store", async () => {
    await fails("invalid_argument", ["connect", ...invite(), "--store", "drawer"], cloud.password);
    const first = await sag(["connect", ...invite(), "--store", "file", "--json"], `${cloud.password}\n`);
    expect(first.code, first.stderr).toBe(0);
    const { intranetId, phase } = JSON.parse(first.stdout);
    expect(phase).toBe("connected");
    expect(existsSync(join(root, ".local/state/sag/credentials", `${intranetId}.json`))).toBe(true);
    await sag(["disconnect"]);
    await fails("invalid_argument", ["connect", "--store", "file"]);
    // Now without a password.
    expect(JSON.parse((await sag(["connect", "--json"])).stdout)).toMatchObject({ phase: "connected" });
    expect(await sag(["sign-out", "--forget"])).toMatchObject({ code: 0 });
  });

  it("status --watch prints one line of JSON per change until Ctrl-C", async () => {
    await sag(["sign-in", ...invite(), "--store", "file"], cloud.password);
    const watching = start(["status", "--watch", "--json"]);
    let lines = "";
    const seen = (phase: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.includes(`"phase":"${phase}"`)) resolve();
          else setTimeout(look, 10);
        };
        look();
      });
    watching.stdout.setEncoding("utf8").on("data", (text) => {
      lines += text;
    });
    await seen("disconnected");
    await sag(["connect"]);
    await seen("connected");
    watching.kill("SIGINT");
    expect(await new Promise((resolve) => watching.on("close", resolve))).toBe(0);
    for (const line of lines.trim().split("\n")) expect(JSON.parse(line)).toHaveLength(1);
    await sag(["disconnect"]);
  });

  it("status --watch ends at the first change that nothing reads any more", { timeout: 20_000 }, async () => {
    await sag(["sign-in", ...invite(), "--store", "file"], cloud.password);
    const watching = start(["status", "--watch", "--json"]);
    await new Promise((resolve) => watching.stdout.once("data", resolve));
    watching.stdout.destroy();
    const ended = new Promise((resolve) => watching.on("exit", resolve));
    await sag(["connect"]);
    expect(await ended).toBe(0);
    await sag(["disconnect"]);
  });

  it("cleans up after Ctrl-C", async () => {
    const silent = testEnvironment();
    useFakeTunnel(silent, { outcome: "silent" });
    const connecting = start(["connect", "--json"], { SAG_TUNNEL: silent.tunnelBinary ?? "" });
    let stdout = "";
    connecting.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    let pid: number | undefined;
    while (pid === undefined) {
      const [state] = JSON.parse((await sag(["status", "--json"])).stdout);
      if (state.phase === "connecting") pid = state.pid;
    }
    connecting.kill("SIGINT");
    expect(await new Promise((resolve) => connecting.on("close", resolve))).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ message: "Interrupted." });
    const [after] = JSON.parse((await sag(["status", "--json"])).stdout);
    expect(after.phase).toBe("disconnected");
    while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    silent.remove();
  });

  it("reports that its output cannot be written", async () => {
    const password = `${cloud.password}\n`;
    await fails("storage_readonly", ["sign-in", ...invite(), "--store", "file"], password, {
      XDG_CONFIG_HOME: "/dev/null/x",
      XDG_STATE_HOME: "/dev/null/x",
    });
  });

  it("has the exit codes that the README lists", () => {
    const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
    for (const [code, { exit }] of Object.entries(causeTable)) expect(readme).toContain(`${exit} \`${code}\``);
  });
});
