import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "../host/environment.ts";
import { callTunnel } from "../tunnel/rpc.ts";
import { findService } from "../tunnel/service.ts";
import { isAbout, type LogEntry, parseLines } from "./read.ts";

/** Interval between requests while the log is followed, ms. */
const followEvery = 1_000;

/**
 * The log of the service (system mode). The service keeps only the last lines, and returns those of the calling
 * user's sessions.
 */
export class ServiceLog {
  readonly #environment: Environment;
  readonly #intranetId: string | undefined;
  #last = "0";

  constructor(environment: Environment, intranetId?: string) {
    this.#environment = environment;
    this.#intranetId = intranetId;
  }

  /** The lines added since the last call; null if no service can be reached. */
  async read(): Promise<LogEntry[] | null> {
    try {
      const socket = findService(this.#environment);
      if (!socket) return null;
      const { lines = [], last = "0" } = await callTunnel(socket, "ReadLog", { after: this.#last });
      // A restarted service counts from the beginning.
      const isNew = BigInt(last) < BigInt(this.#last);
      this.#last = isNew ? "0" : String(last);
      if (isNew) return await this.read();
      return parseLines(lines, "service", undefined).filter((one) => isAbout(one, this.#intranetId));
    } catch {
      // The service is not root's, of an earlier version, or has just ended; the other logs are shown all the same.
      return null;
    }
  }

  /** Reports new lines until the signal is aborted. */
  async follow(signal: AbortSignal, onEntries: (entries: LogEntry[]) => void): Promise<void> {
    while (!signal.aborted) {
      const fresh = await this.read();
      if (fresh && fresh.length > 0 && !signal.aborted) onEntries(fresh);
      await delay(followEvery, undefined, { signal }).catch(() => undefined);
    }
  }
}
