import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { Environment } from "../host/environment.ts";
import { parseAddress, urlOf } from "../instance/address.ts";
import { layout } from "../service/layout.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { readBlocking } from "./blocking.ts";
import { callTunnel } from "./rpc.ts";

/** Time limit for an answer, ms; longer because the service may be creating a key. */
const answerTimeout = 2_500;

/**
 * The socket of the installed service; null if there is none. Node.js cannot read the peer's credentials, so the
 * owner of the directory and the socket is checked: only root may have created them.
 */
export function findService(environment: Environment): string | null {
  const { serviceDir, serviceOwner } = environment;
  if (environment.uid === null) return null;
  const path = join(serviceDir, "rpc.sock");
  const dir = lstatSync(serviceDir, { throwIfNoEntry: false });
  const socket = lstatSync(path, { throwIfNoEntry: false });
  if (!dir || !socket) return null;
  const isRoots = dir.isDirectory() && dir.uid === serviceOwner && (dir.mode & 0o022) === 0;
  if (!isRoots || !socket.isSocket() || socket.uid !== serviceOwner) {
    throw new Failure("not_permitted", {
      subject: path,
      text: texts.core.service.notRoots(path),
    });
  }
  return path;
}

/** The failure of a command that needs the service while it does not run. */
export const noService = ({ serviceRoot }: Environment): Failure =>
  new Failure("service_not_running", existsSync(layout(serviceRoot).binary) ? {} : { field: "not_installed" });

/** The service's socket and states; null if it does not answer. */
export async function livingService(environment: Environment): Promise<{ socket: string; states: StateJson[] } | null> {
  const socket = findService(environment);
  if (!socket) return null;
  try {
    const { states = [] } = await callTunnel(socket, "GetStates", {}, { timeoutMs: answerTimeout });
    return { socket, states };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "tunnel_crashed") return null;
    throw thrown;
  }
}

/**
 * The state of a service that has ended but left its kill switch in force; null = nothing is blocked. The file does
 * not say which intranet it belongs to.
 */
export function leftBehind(environment: Environment): StateJson | null {
  const written = readBlocking(environment);
  if (!written || written.holds === "none") return null;
  return {
    phase: "PHASE_FAILED",
    mode: "MODE_SYSTEM",
    blocking: written.holds === "all" ? "BLOCKING_ALL" : "BLOCKING_INTRANET",
    cause: {
      cause: "CAUSE_SERVICE_NOT_RUNNING",
      field: "left_behind",
      text: written.lockdown ? texts.core.service.endedInLockdown : texts.core.service.ended,
    },
  };
}

/** The service's state of an intranet of this user, or what it left in force; null if there is neither. */
export async function askService(
  environment: Environment,
  intranetId: string,
  probe: boolean,
): Promise<StateJson | null> {
  const socket = findService(environment);
  if (!socket) return leftBehind(environment);
  try {
    const { states = [] } = await callTunnel(socket, "GetStates", { probe }, { timeoutMs: answerTimeout });
    return states.find((one) => one.intranetId === intranetId) ?? null;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "tunnel_crashed") return leftBehind(environment);
    throw thrown;
  }
}

const resting = new Set(["PHASE_DISCONNECTED", "PHASE_FAILED"]);

/**
 * Why the service cannot take this intranet now; null if it can. `nameOf` returns the names of this user's intranets.
 */
export async function whyBusy(
  states: StateJson[],
  intranetId: string,
  nameOf: (id: string) => Promise<string | undefined>,
): Promise<Failure | null> {
  for (const state of states) {
    if (state.cause?.cause === "CAUSE_IN_USE_BY_ANOTHER_USER") return new Failure("in_use_by_another_user");
    const id = state.intranetId ?? "";
    if (id === intranetId || resting.has(String(state.phase))) continue;
    return new Failure("vpn_conflict", { subject: (await nameOf(id)) ?? texts.core.intranets.another });
  }
  return null;
}

/**
 * Why the service does not allow this user to connect this intranet; null if it does. A service of an earlier version
 * has no such call.
 */
export async function whyNotAllowed(
  socket: string,
  { server, code }: Pick<IntranetRecord, "server" | "code">,
): Promise<Failure | null> {
  const input = { cloudUrl: urlOf(parseAddress(server)), enterpriseCode: code };
  try {
    const { refusal } = await callTunnel(socket, "MayConnect", input, { timeoutMs: answerTimeout });
    if (!refusal) return null;
    if (refusal.field !== "trust") return failureFromWire(refusal);
    return new Failure("not_permitted", { subject: `${code}@${server}`, field: "trust" });
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "answer_invalid") return null;
    throw thrown;
  }
}

/** Whether the service has a session of this intranet. */
export const isInService = async (environment: Environment, intranetId: string): Promise<boolean> => {
  const state = await askService(environment, intranetId, false);
  return state !== null && !resting.has(String(state.phase));
};
