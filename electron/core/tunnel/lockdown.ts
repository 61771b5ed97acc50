import type { LockdownJson } from "#proto/tunnel/v1/tunnel_pb.js";
import { Failure, plainText } from "../causes/failure.ts";
import { durationMs, wordOf } from "../causes/wire.ts";
import type { LockdownView } from "../client/model.ts";
import type { Environment } from "../host/environment.ts";
import { readBlocking } from "./blocking.ts";
import { callTunnel } from "./rpc.ts";
import { findService, noService } from "./service.ts";

/** Time limit for the service's answer, ms; after that the file is used. */
const answerTimeout = 1_000;

/** Lockdown, which applies to the whole computer. */
export class Lockdown {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The current lockdown as the service reports it from the kernel; without a service, from its file. null = off. */
  async view(): Promise<LockdownView | null> {
    const written = readBlocking(this.#environment);
    if (written && !written.lockdown) return null;
    const answer = await this.#ask();
    if (answer) return answer.on ? viewOf(answer, written?.lockdown?.sinceMs ?? null) : null;
    return written?.lockdown ? { ...written.lockdown, mayLift: false, mayOpenPortal: false } : null;
  }

  /** Turns lockdown off; for administrators. */
  async lift(): Promise<void> {
    await this.#command((socket) => callTunnel(socket, "SetLockdown", { on: false }));
  }

  /** Opens the captive-portal exception. `ms`: at most five minutes. */
  async openPortal(ms: number): Promise<LockdownView | null> {
    const duration = `${ms / 1_000}s`;
    const { lockdown } = await this.#command((socket) => callTunnel(socket, "OpenPortal", { duration }));
    return lockdown?.on ? viewOf(lockdown, readBlocking(this.#environment)?.lockdown?.sinceMs ?? null) : null;
  }

  async #command<T>(call: (socket: string) => Promise<T>): Promise<T> {
    const socket = findService(this.#environment);
    if (!socket) throw noService(this.#environment);
    return call(socket).catch((thrown) => {
      // The socket of a killed service remains, so no answer means that the service is not running.
      throw thrown instanceof Failure && thrown.code === "tunnel_crashed" ? noService(this.#environment) : thrown;
    });
  }

  /** null: the service does not answer. */
  async #ask(): Promise<LockdownJson | null> {
    try {
      const socket = findService(this.#environment);
      if (!socket) return null;
      return (await callTunnel(socket, "GetLockdown", {}, { timeoutMs: answerTimeout })).lockdown ?? null;
    } catch (thrown) {
      if (thrown instanceof Failure) return null;
      throw thrown;
    }
  }
}

function viewOf(answer: LockdownJson, sinceMs: number | null): LockdownView {
  const by = wordOf(answer.by, "LOCKDOWN_BY_");
  const leftMs = durationMs(answer.portalLeft) ?? 0;
  return {
    by: by === "administrator" || by === "policy" ? by : null,
    sinceMs,
    portal: leftMs > 0 ? { link: plainText(answer.portalLink ?? "", 15), leftMs } : null,
    mayLift: answer.maySet ?? false,
    mayOpenPortal: answer.mayOpenPortal ?? false,
  };
}
