import { EventEmitter } from "node:events";
import type { FailureView, PhaseWord } from "../client/model.ts";

/** What this process is doing with an intranet, or the result of its last attempt. */
export interface Progress {
  phase: PhaseWord;
  cause: FailureView | null;
}

/**
 * State that only this process has: a dial before sag-tunnel is involved, and why it failed. Emits `change` with the
 * intranet's id.
 */
export class LocalProgress extends EventEmitter<{ change: [intranetId: string] }> {
  readonly #progress = new Map<string, Progress>();

  set(intranetId: string, phase: PhaseWord, cause: FailureView | null = null): void {
    this.#progress.set(intranetId, { phase, cause });
    this.emit("change", intranetId);
  }

  clear(intranetId: string): void {
    if (this.#progress.delete(intranetId)) this.emit("change", intranetId);
  }

  /** Clears the failure of this process's last attempt, when a tunnel or a sign-in of any program is newer. */
  superseded(intranetId: string): void {
    if (this.#progress.get(intranetId)?.phase === "failed") this.clear(intranetId);
  }

  get(intranetId: string): Progress | undefined {
    return this.#progress.get(intranetId);
  }
}
