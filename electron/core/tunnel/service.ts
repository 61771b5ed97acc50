import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { StateJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromWire } from "../causes/wire.ts";
import type { Environment } from "../host/environment.ts";
import { parseAddress, urlOf } from "../instance/address.ts";
import type { IntranetRecord } from "../settings/schema.ts";
import { readBlocking } from "./blocking.ts";
import { callTunnel } from "./rpc.ts";

/** A service that was just asked for a key answers within this, ms. */
const answerTimeout = 2_500;

/**
 * The socket of the installed service; null when there is none. Node cannot ask who is at the other end, so what is asked is who
 * could have put the socket there: only root, or it is not used.
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

/** The service's socket and its answer, if it answers. */
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
 * What a service that is gone has left in force, as it would tell it; null = nothing. It writes down what it holds; what has no
 * process any more to let it through is blocked. Whose intranet that is is not in it.
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
      text: written.lockdown ? texts.core.service.endedInLockdown : texts.core.service.ended,
    },
  };
}

/** What the service says of an intranet of this user, or what it left behind; null when it has none, or there is no service. */
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

/** Why the service can not take this intranet now; null if it can. `nameOf` knows this user's intranets by id. */
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
 * Why the service does not let this user connect the machine with an intranet; null if it does. A service of an earlier version
 * does not know the question.
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

/** Whether the service holds this intranet's session. */
export const isInService = async (environment: Environment, intranetId: string): Promise<boolean> => {
  const state = await askService(environment, intranetId, false);
  return state !== null && !resting.has(String(state.phase));
};
