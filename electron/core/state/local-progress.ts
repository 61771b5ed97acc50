import { EventEmitter } from "node:events";
import type { FailureView, PhaseWord } from "../client/model.ts";

/** What this process itself is doing with an intranet, or what its last attempt came to. */
export interface Progress {
  phase: PhaseWord;
  cause: FailureView | null;
}

/** What only this process knows: a dial before sag-tunnel hears of it, and why it failed. Emits `change` with the intranet's id. */
export class LocalProgress extends EventEmitter<{ change: [intranetId: string] }> {
  readonly #progress = new Map<string, Progress>();

  set(intranetId: string, phase: PhaseWord, cause: FailureView | null = null): void {
    this.#progress.set(intranetId, { phase, cause });
    this.emit("change", intranetId);
  }

  clear(intranetId: string): void {
    if (this.#progress.delete(intranetId)) this.emit("change", intranetId);
  }

  /** A tunnel or a sign-in of any program is newer than the failure of this process's last attempt. */
  superseded(intranetId: string): void {
    if (this.#progress.get(intranetId)?.phase === "failed") this.clear(intranetId);
  }

  get(intranetId: string): Progress | undefined {
    return this.#progress.get(intranetId);
  }
}
