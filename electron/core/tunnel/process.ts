import type { ChildProcess } from "node:child_process";
import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../causes/failure.ts";
import { systemCode } from "../causes/system.ts";
import { failureFromLine } from "../causes/wire.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { withLock } from "../host/lock.ts";
import { parseJson } from "../instance/http.ts";
import { logDirOf } from "../logs/log.ts";
import { version } from "../product/version.ts";
import { findTunnelBinary } from "./binary.ts";
import { callTunnel } from "./rpc.ts";

/** How long sag-tunnel may take to its ready line, ms. */
const readyTimeout = 5_000;

/** The directory of an intranet's sag-tunnel: wherever one runs or has a session to be resumed, else where one is to be started. */
export function tunnelDir(environment: Environment, intranetId: string): string {
  const [first = "", ...others] = runtimeDirs(environment).map((dir) => join(dir, intranetId));
  return [first, ...others].find(isInUse) ?? first;
}

/** Where tunnels are looked for, the place for new ones first. */
export const runtimeDirs = (environment: Environment): string[] => [
  ...new Set([environment.runtimeDir, ...environment.otherRuntimeDirs()]),
];

const isInUse = (dir: string): boolean => existsSync(join(dir, socketName)) || existsSync(join(dir, sessionName));

const socketName = "rpc.sock";
/** sag-tunnel keeps this file while a session is wanted. */
const sessionName = "session";

export const isSessionWanted = (environment: Environment, intranetId: string): boolean =>
  existsSync(join(tunnelDir(environment, intranetId), sessionName));

/** The socket of an intranet's sag-tunnel, if there is one and it is this user's own; null when there is none. */
export function findSocket(environment: Environment, intranetId: string): string | null {
  const path = join(tunnelDir(environment, intranetId), socketName);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isSocket() || (environment.uid !== null && found.uid !== environment.uid)) {
    throw new Failure("in_use_by_another_user");
  }
  return path;
}

/** Whether a sag-tunnel answers there. */
export async function isAlive(socketPath: string): Promise<boolean> {
  try {
    await callTunnel(socketPath, "Attach", { hello: { version } }, { timeoutMs: 1_000 });
    return true;
  } catch {
    return false;
  }
}

/** The socket of a living sag-tunnel for this intranet; it is started when there is none. */
export async function ensureTunnel(
  environment: Environment,
  intranetId: string,
): Promise<{ socket: string; started: boolean }> {
  const running = findSocket(environment, intranetId);
  if (running && (await isAlive(running))) return { socket: running, started: false };
  return withLock(environment, `start-${intranetId}`, async () => {
    const meanwhile = findSocket(environment, intranetId);
    if (meanwhile && (await isAlive(meanwhile))) return { socket: meanwhile, started: false };
    const dir = tunnelDir(environment, intranetId);
    await startTunnel(environment, intranetId, dir).catch(async (thrown) => {
      // What has no room has none for a socket either; a directory elsewhere is found again by all that look for this tunnel.
      if (!hasNoRoom(thrown) || isSessionWanted(environment, intranetId)) throw thrown;
      const spare = environment.spareRuntimeDir();
      await startTunnel(environment, intranetId, join(spare, intranetId));
    });
    const socket = findSocket(environment, intranetId);
    if (!socket) throw new Failure("tunnel_crashed");
    return { socket, started: true };
  });
}

/** How long a sag-tunnel may take from its answer to Stop to its end, and how often it is looked for, ms. */
const endTimeout = 2_000;
const endLook = 10;

/**
 * Stops a session, and answers when the process that had it has cleared its place: a connect right after must not meet one that
 * is leaving. The service stays, so it is not waited for.
 */
export async function stopTunnel(socketPath: string, intranetId: string, isService: boolean): Promise<void> {
  await callTunnel(socketPath, "Stop", { intranetId }, { timeoutMs: 10_000 });
  if (isService) return;
  // Removing its socket is the last thing it does.
  for (let waited = 0; waited < endTimeout && existsSync(socketPath); waited += endLook) await sleep(endLook);
}

const hasNoRoom = (thrown: unknown): boolean =>
  thrown instanceof Failure && (thrown.code === "storage_full" || thrown.code === "storage_readonly");

async function startTunnel(environment: Environment, intranetId: string, dir: string): Promise<void> {
  const binary = findTunnelBinary(environment);
  const logDir = logDirOf(environment);
  for (const path of [dirname(dir), dir]) makePrivateDir(path, environment.uid);
  try {
    for (const path of [environment.stateDir, logDir]) makePrivateDir(path, environment.uid);
  } catch {
    // Nothing is logged, which core's own log says.
  }
  const log = join(logDir, `sag-tunnel-${intranetId}.log`);
  const child = environment.spawn(binary, ["proxy", "--dir", dir, "--intranet", intranetId, "--log", log, "--json"], {
    // It outlives whoever started it: a terminal that is closed takes nothing down.
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    cwd: "/",
    env: tunnelEnvironment(process.env),
  });
  await ready(child);
}

/** Nothing of ours goes along that it does not need; proxies and certificates of the system it does. */
function tunnelEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted = /^(HOME|PATH|LANG|LC_.*|TZ|TMPDIR|XDG_.*|SSL_CERT_(FILE|DIR)|GODEBUG|GOMEMLIMIT|GOGC|SAG_TUNNEL_.*)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.test(name)));
}

/** Waits for the ready line, which is the only thing sag-tunnel ever writes there, then lets go of the process. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(new Failure("tunnel_crashed")), readyTimeout);
    let line = "";
    const settle = (failure?: Failure): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.on("error", () => undefined);
      child.stdout?.destroy();
      child.unref();
      if (failure) {
        child.kill();
        reject(failure);
      } else resolve();
    };
    child.on("error", (error) =>
      settle(new Failure(systemCode(error) === "ENOENT" ? "tunnel_binary_missing" : "tunnel_crashed")),
    );
    // Not "exit": its last output is read first.
    child.on("close", () => settle(new Failure("tunnel_crashed")));
    child.stdout?.on("data", (chunk: Buffer) => {
      line = (line + chunk.toString("utf8")).slice(0, 4096);
      if (line.includes("\n")) settle(readLine(line));
    });
  });
}

/** The ready line, or the failure printed in place of it. */
function readLine(line: string): Failure | undefined {
  const answer = parseJson(Buffer.from(line.split("\n")[0] ?? "")) as { ready?: unknown } | undefined;
  if (answer?.ready === true) return undefined;
  const failure = failureFromLine(answer);
  return failure.code === "unknown" ? new Failure("tunnel_crashed") : failure;
}
