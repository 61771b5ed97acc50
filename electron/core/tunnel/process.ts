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

/** Time limit for sag-tunnel's ready line, ms. */
const readyTimeout = 5_000;

/**
 * The directory of an intranet's sag-tunnel: where one runs or has a session to resume, otherwise where a new one is
 * started.
 */
export function tunnelDir(environment: Environment, intranetId: string): string {
  const [first = "", ...others] = runtimeDirs(environment).map((dir) => join(dir, intranetId));
  return [first, ...others].find(isInUse) ?? first;
}

/** The directories that are searched for tunnels, the one for new tunnels first. */
export const runtimeDirs = (environment: Environment): string[] => [
  ...new Set([environment.runtimeDir, ...environment.otherRuntimeDirs()]),
];

const isInUse = (dir: string): boolean => existsSync(join(dir, socketName)) || existsSync(join(dir, sessionName));

const socketName = "rpc.sock";
/** sag-tunnel keeps this file while a session is wanted. */
const sessionName = "session";

export const isSessionWanted = (environment: Environment, intranetId: string): boolean =>
  existsSync(join(tunnelDir(environment, intranetId), sessionName));

/** The socket of an intranet's sag-tunnel; null if there is none. Throws if another user owns it. */
export function findSocket(environment: Environment, intranetId: string): string | null {
  const path = join(tunnelDir(environment, intranetId), socketName);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isSocket() || (environment.uid !== null && found.uid !== environment.uid)) {
    throw new Failure("in_use_by_another_user");
  }
  return path;
}

/** Whether a sag-tunnel answers on the socket. */
export async function isAlive(socketPath: string): Promise<boolean> {
  try {
    await callTunnel(socketPath, "Attach", { hello: { version } }, { timeoutMs: 1_000 });
    return true;
  } catch {
    return false;
  }
}

/** The socket of a running sag-tunnel for this intranet; starts one if there is none. */
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
      // Without free space the socket cannot be created either, so the spare directory is used, which all lookups
      // search too.
      if (!hasNoRoom(thrown) || isSessionWanted(environment, intranetId)) throw thrown;
      const spare = environment.spareRuntimeDir();
      await startTunnel(environment, intranetId, join(spare, intranetId));
    });
    const socket = findSocket(environment, intranetId);
    if (!socket) throw new Failure("tunnel_crashed");
    return { socket, started: true };
  });
}

/** Time limit for a sag-tunnel to exit after answering Stop, and polling interval, ms. */
const endTimeout = 2_000;
const endLook = 10;

/**
 * Stops a session and waits until its process has removed its socket, so that a connect right after does not find a
 * process that is exiting. The service keeps running, so it is not waited for.
 */
export async function stopTunnel(socketPath: string, intranetId: string, isService: boolean): Promise<void> {
  await callTunnel(socketPath, "Stop", { intranetId }, { timeoutMs: 10_000 });
  if (isService) return;
  // Removing the socket is the last step of its shutdown.
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
    // sag-tunnel then runs without a log; core's log reports that.
  }
  const log = join(logDir, `sag-tunnel-${intranetId}.log`);
  const child = environment.spawn(binary, ["proxy", "--dir", dir, "--intranet", intranetId, "--log", log, "--json"], {
    // Detached, so that closing the terminal does not end the tunnel.
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
    cwd: "/",
    env: tunnelEnvironment(process.env),
  });
  await ready(child);
}

/** Passes only the variables that sag-tunnel needs, such as the system's certificates. */
function tunnelEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted = /^(HOME|PATH|LANG|LC_.*|TZ|TMPDIR|XDG_.*|SSL_CERT_(FILE|DIR)|GODEBUG|GOMEMLIMIT|GOGC|SAG_TUNNEL_.*)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.test(name)));
}

/** Waits for the ready line, the only output of sag-tunnel, and then detaches from the process. */
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
    // "close" instead of "exit", so that the last output is read first.
    child.on("close", () => settle(new Failure("tunnel_crashed")));
    child.stdout?.on("data", (chunk: Buffer) => {
      line = (line + chunk.toString("utf8")).slice(0, 4096);
      if (line.includes("\n")) settle(readLine(line));
    });
  });
}

/** Parses the ready line, or the failure printed instead. */
function readLine(line: string): Failure | undefined {
  const answer = parseJson(Buffer.from(line.split("\n")[0] ?? "")) as { ready?: unknown } | undefined;
  if (answer?.ready === true) return undefined;
  const failure = failureFromLine(answer);
  return failure.code === "unknown" ? new Failure("tunnel_crashed") : failure;
}
