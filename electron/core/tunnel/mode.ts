import { rm } from "node:fs/promises";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { Environment } from "../environment.ts";
import type { ConnectOptions } from "../requests.ts";
import type { Doings } from "../states.ts";
import { ensureTunnel, findSocket, isSessionWanted, stopTunnel, tunnelDir } from "./process.ts";
import { findService, isInService, leftBehind, livingService, whyBusy } from "./service.ts";

/**
 * The service's socket if system mode is what is wanted and can be had; null = proxy mode. Who asked for neither gets system mode
 * where the service is there and free.
 */
export async function chooseService(
  environment: Environment,
  intranetId: string,
  nameOf: (id: string) => Promise<string | undefined>,
  options: ConnectOptions,
  onNotice: (text: string) => void,
): Promise<string | null> {
  const asksForProxy = options.socks !== undefined || options.http !== undefined || options.outside !== undefined;
  if (options.mode === "proxy" || (options.mode !== "system" && asksForProxy)) return null;
  const service = await livingService(environment);
  const left = service ? null : leftBehind(environment);
  // It would hold proxy mode back as well, and what that says of it would be wrong.
  if (left?.cause) throw failureFromWire(left.cause);
  const busy = service ? await whyBusy(service.states, intranetId, nameOf) : new Failure("service_not_running");
  if (busy && options.mode === "system") throw busy;
  if (busy && (options.mode === "auto" || service)) {
    const why = service ? busy.message : "The service is not installed or not running here.";
    onNotice(`${why} So this is proxy mode: programs that are told of the proxy are inside.`);
  }
  if (!busy && options.mode === "auto") {
    onNotice("The service is here, so this is system mode: every program of this machine is inside.");
  }
  return busy ? null : (service?.socket ?? null);
}

/** A session has one mode at a time: what is up in the other one is ended first. */
export async function leaveOtherMode(
  environment: Environment,
  doings: Doings,
  intranetId: string,
  system: boolean,
): Promise<void> {
  const isUp = system ? isSessionWanted(environment, intranetId) : await isInService(environment, intranetId);
  if (isUp) await hangUp(environment, doings, intranetId);
}

/** Ends the session of an intranet in whatever mode it is, also that of a sag-tunnel which has died. */
export async function hangUp(environment: Environment, doings: Doings, intranetId: string): Promise<void> {
  const stop = (socket: string, isService = false): Promise<void> => stopTunnel(socket, intranetId, isService);
  doings.set(intranetId, "disconnecting");
  try {
    const socket = findSocket(environment, intranetId);
    if (socket) await stop(socket).catch(notAnswering);
    const service = (await isInService(environment, intranetId)) ? findService(environment) : null;
    if (service) await stop(service, true);
    // A dead one cannot hang up; another one, which takes its session over, can.
    if (isSessionWanted(environment, intranetId)) await stop((await ensureTunnel(environment, intranetId)).socket);
  } catch (thrown) {
    notAnswering(thrown);
  } finally {
    // What is still there would be resumed by the next connect.
    await rm(`${tunnelDir(environment, intranetId)}/session`, { force: true });
    doings.clear(intranetId);
  }
}

/** Nobody there to tell is as good as told. */
function notAnswering(thrown: unknown): void {
  if (thrown instanceof Failure && (thrown.code === "tunnel_crashed" || thrown.code === "tunnel_binary_missing"))
    return;
  throw thrown;
}
