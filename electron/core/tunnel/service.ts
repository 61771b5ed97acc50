import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure } from "../causes/failure.ts";
import type { Environment } from "../environment.ts";
import { callTunnel } from "./rpc.ts";

/** A service that was just asked for a key answers within this, ms. */
const answerTimeout = 2_500;

/**
 * The socket of the installed service; null when there is none. Node cannot ask who is at the other end, so what is asked is who
 * could have put the socket there: only root, or nobody is talked to.
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
      text: `${path} was not made by root. Nothing was sent to it.`,
    });
  }
  return path;
}

/** The service's socket, if somebody answers there. */
export async function livingService(environment: Environment): Promise<string | null> {
  const socket = findService(environment);
  if (!socket) return null;
  try {
    await callTunnel(socket, "GetStates", {}, { timeoutMs: answerTimeout });
    return socket;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "tunnel_crashed") return null;
    throw thrown;
  }
}

/** What the service says of an intranet of this user; null when it has none, or there is no service. */
export async function askService(
  environment: Environment,
  intranetId: string,
  probe: boolean,
): Promise<StateJson | null> {
  const socket = findService(environment);
  if (!socket) return null;
  try {
    const { states = [] } = await callTunnel(socket, "GetStates", { probe }, { timeoutMs: answerTimeout });
    return states.find((one) => one.intranetId === intranetId) ?? null;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "tunnel_crashed") return null;
    throw thrown;
  }
}

const resting = new Set(["PHASE_DISCONNECTED", "PHASE_FAILED"]);

/** Whether the service holds this intranet's session. */
export const isInService = async (environment: Environment, intranetId: string): Promise<boolean> => {
  const state = await askService(environment, intranetId, false);
  return state !== null && !resting.has(String(state.phase));
};
