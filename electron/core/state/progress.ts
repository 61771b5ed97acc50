import { EventEmitter } from "node:events";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { causeTable } from "../../../common/causes/table.ts";
import { Failure } from "../causes/failure.ts";
import type { CauseCode, FailureView } from "../client/model.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";

/** What a process of this user is doing with an intranet, or why its last attempt to connect failed. */
export interface Progress {
  phase: "connecting" | "disconnecting" | "failed";
  cause: FailureView | null;
  /** With `failed`: how the tunnel had failed before, as `failureOf` describes it; "" = it had not. */
  tunnel: string;
}

const fileName = "attempt.json";

const schema = z.looseObject({
  phase: z.enum(["connecting", "disconnecting", "failed"]),
  /** The process that is at work; a dead one no longer connects. */
  pid: z.number(),
  cause: z.optional(z.string()),
  details: z.optional(z.looseObject({})),
  tunnel: z.optional(z.string()),
  /** When it failed, Unix time in ms. */
  at: z.optional(z.number()),
});
type Kept = z.infer<typeof schema>;

/**
 * The latest attempt for each intranet. It is a file in the intranet's runtime directory, so that app and command
 * line show the same, whichever of them made the attempt. Emits `change` with the intranet's id.
 */
export class ProgressStore extends EventEmitter<{ change: [intranetId: string] }> {
  readonly #environment: Environment;
  /** Attempts that could not be written, for example because the disk is full: only this process has them. */
  readonly #unwritten = new Map<string, Kept>();

  constructor(environment: Environment) {
    super();
    this.#environment = environment;
  }

  set(intranetId: string, phase: "connecting" | "disconnecting"): void {
    this.#keep(intranetId, { phase, pid: process.pid });
  }

  /** `tunnel`: how the tunnel had failed before, from `failureOf`. */
  fail(intranetId: string, { code, details }: Failure, tunnel: string): void {
    const at = Date.now();
    this.#keep(intranetId, { phase: "failed", pid: process.pid, cause: code, details: { ...details }, tunnel, at });
  }

  clear(intranetId: string): void {
    this.#unwritten.delete(intranetId);
    try {
      rmSync(this.#path(intranetId), { force: true });
    } catch {
      // There is no such directory, so there is no file either.
    }
    this.emit("change", intranetId);
  }

  get(intranetId: string): Progress | undefined {
    const kept = this.#read(intranetId);
    if (!kept) return undefined;
    const { phase, tunnel = "" } = kept;
    if (phase === "failed") {
      const failure = failureIn(kept, Date.now());
      return failure ? { phase, cause: failure.view, tunnel } : undefined;
    }
    return isAlive(kept.pid) ? { phase, cause: null, tunnel } : undefined;
  }

  /** Why the last attempt failed; undefined if it did not. */
  failure(intranetId: string): Failure | undefined {
    const kept = this.#read(intranetId);
    return kept?.phase === "failed" ? failureIn(kept, Date.now()) : undefined;
  }

  /** Whether another process is at work. Its end by a signal changes no file. */
  isOthers(intranetId: string): boolean {
    const kept = this.#read(intranetId);
    return kept !== undefined && kept.phase !== "failed" && kept.pid !== process.pid && isAlive(kept.pid);
  }

  /** Whether someone disconnected while this process was connecting. */
  isWithdrawn(intranetId: string): boolean {
    return (this.#read(intranetId)?.phase ?? "disconnecting") === "disconnecting";
  }

  #keep(intranetId: string, kept: Kept): void {
    const path = this.#path(intranetId);
    try {
      makePrivateDir(join(this.#environment.runtimeDir, intranetId), this.#environment.uid);
      writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
      renameSync(`${path}.${process.pid}`, path);
      this.#unwritten.delete(intranetId);
    } catch {
      this.#unwritten.set(intranetId, kept);
    }
    this.emit("change", intranetId);
  }

  #read(intranetId: string): Kept | undefined {
    const unwritten = this.#unwritten.get(intranetId);
    if (unwritten) return unwritten;
    try {
      return schema.safeParse(JSON.parse(readFileSync(this.#path(intranetId), "utf8"))).data;
    } catch {
      return undefined;
    }
  }

  #path(intranetId: string): string {
    return join(this.#environment.runtimeDir, intranetId, fileName);
  }
}

/**
 * The failure as of `now`; undefined if it was a limit that has passed. Another version may have written a cause that
 * this one does not know.
 */
function failureIn({ cause = "", details, at }: Kept, now: number): Failure | undefined {
  const code = Object.hasOwn(causeTable, cause) ? (cause as CauseCode) : "unknown";
  const wait = details?.retryAfterMs;
  if (typeof wait !== "number" || at === undefined) return new Failure(code, details);
  const retryAfterMs = Math.min(wait, wait - (now - at));
  return retryAfterMs > 0 ? new Failure(code, { ...details, retryAfterMs }) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
