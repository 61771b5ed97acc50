import { rm } from "node:fs/promises";
import { causeCommand } from "../../../common/text/cause.ts";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { ConnectOptions } from "../client/requests.ts";
import type { Environment } from "../host/environment.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import type { ProgressStore } from "../state/progress.ts";
import { ensureTunnel, findSocket, isSessionWanted, stopTunnel, tunnelDir } from "./process.ts";
import { findService, isInService, leftBehind, livingService, noService, whyBusy, whyNotAllowed } from "./service.ts";

/**
 * The service's socket for system mode; null = proxy mode. Without an explicit choice system mode is used where the
 * service runs and is free.
 */
export async function chooseService(
  environment: Environment,
  intranet: Pick<IntranetRecord, "id" | "server" | "code">,
  nameOf: (id: string) => Promise<string | undefined>,
  options: ConnectOptions,
  onNotice: (text: string) => void,
): Promise<string | null> {
  const asksForProxy = options.socks !== undefined || options.http !== undefined || options.outside !== undefined;
  if (options.mode === "proxy" || (options.mode !== "system" && asksForProxy)) return null;
  const service = await livingService(environment);
  const left = service ? null : leftBehind(environment);
  // A kill switch left behind by the service would block proxy mode too, and the resulting error would be misleading.
  if (left?.cause) throw failureFromWire(left.cause);
  const busy = service
    ? ((await whyBusy(service.states, intranet.id, nameOf)) ?? (await whyNotAllowed(service.socket, intranet)))
    : noService(environment);
  if (busy && options.mode === "system") throw busy;
  if (busy && (options.mode === "auto" || service)) {
    onNotice(texts.core.modes.proxy(whyNot(busy)));
  }
  if (!busy && options.mode === "auto") {
    onNotice(texts.core.modes.system);
  }
  return busy ? null : (service?.socket ?? null);
}

/** Adds the action if an administrator can allow this intranet. */
const whyNot = (failure: Failure): string =>
  failure.details.field === "trust"
    ? `${failure.message} ${causeCommand(failure.code, failure.details)}`
    : failure.message;

/** Disconnects the session in the other mode, because an intranet can be connected in only one. */
export async function leaveOtherMode(
  environment: Environment,
  progress: ProgressStore,
  intranetId: string,
  system: boolean,
): Promise<void> {
  const isUp = system ? isSessionWanted(environment, intranetId) : await isInService(environment, intranetId);
  if (isUp) await hangUp(environment, progress, intranetId);
}

/** Ends the session of an intranet in either mode, also that of a crashed sag-tunnel. */
export async function hangUp(environment: Environment, progress: ProgressStore, intranetId: string): Promise<void> {
  const stop = (socket: string, isService = false): Promise<void> => stopTunnel(socket, intranetId, isService);
  progress.set(intranetId, "disconnecting");
  try {
    const socket = findSocket(environment, intranetId);
    if (socket) await stop(socket).catch(notAnswering);
    const service = (await isInService(environment, intranetId)) ? findService(environment) : null;
    if (service) await stop(service, true);
    // A crashed sag-tunnel cannot end its session, so a new one takes the session over and ends it.
    if (isSessionWanted(environment, intranetId)) await stop((await ensureTunnel(environment, intranetId)).socket);
  } catch (thrown) {
    notAnswering(thrown);
  } finally {
    // A remaining session file would be resumed by the next connect.
    await rm(`${tunnelDir(environment, intranetId)}/session`, { force: true });
    progress.clear(intranetId);
  }
}

/** Ignores that no sag-tunnel is running, because then there is nothing to stop. */
function notAnswering(thrown: unknown): void {
  if (thrown instanceof Failure && (thrown.code === "tunnel_crashed" || thrown.code === "tunnel_binary_missing"))
    return;
  throw thrown;
}
