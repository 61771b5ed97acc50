import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "../host/environment.ts";
import { callTunnel } from "../tunnel/rpc.ts";
import { findService } from "../tunnel/service.ts";
import { isAbout, type LogEntry, parseLines } from "./read.ts";

/** Between two questions while the log is followed, ms. */
const followEvery = 1_000;

/** What the service of system mode has logged; it keeps the last lines, and shows a user those of their own sessions. */
export class ServiceLog {
  readonly #environment: Environment;
  readonly #intranetId: string | undefined;
  #last = "0";

  constructor(environment: Environment, intranetId?: string) {
    this.#environment = environment;
    this.#intranetId = intranetId;
  }

  /** What is new since the last call; null: there is no service that could be asked. */
  async read(): Promise<LogEntry[] | null> {
    try {
      const socket = findService(this.#environment);
      if (!socket) return null;
      const { lines = [], last = "0" } = await callTunnel(socket, "ReadLog", { after: this.#last });
      // A service that was started anew counts from the beginning.
      const isNew = BigInt(last) < BigInt(this.#last);
      this.#last = isNew ? "0" : String(last);
      if (isNew) return await this.read();
      return parseLines(lines, "service", undefined).filter((one) => isAbout(one, this.#intranetId));
    } catch {
      // One that is not root's, of an earlier version, or just gone: what else is logged is shown all the same.
      return null;
    }
  }

  /** Tells what is new, until the signal is aborted. */
  async follow(signal: AbortSignal, onEntries: (entries: LogEntry[]) => void): Promise<void> {
    while (!signal.aborted) {
      const fresh = await this.read();
      if (fresh && fresh.length > 0 && !signal.aborted) onEntries(fresh);
      await delay(followEvery, undefined, { signal }).catch(() => undefined);
    }
  }
}
