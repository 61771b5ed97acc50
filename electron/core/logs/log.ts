import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import { failureFromSystem } from "../causes/system.ts";
import type { FailureView } from "../client/model.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";

/** Largest size of a log file, bytes, and how many are kept: FILE, FILE.1, FILE.2. */
const maxSize = 5 * 1024 * 1024;
export const keptLogs = 3;

export const logDirOf = (environment: Environment): string => join(environment.stateDir, "log");

/** The attributes of a log line. Secrets print as [redacted]. */
export interface LogFields {
  intranet?: string;
  session?: string | undefined;
  cause?: FailureView["cause"] | undefined;
  [name: string]: unknown;
}

/**
 * Core's log, in the same format as sag-tunnel's: JSON lines with time, level, msg. Several processes may write at
 * once, because every line is one append. Write errors are ignored, so that a full disk stops nothing.
 */
export class Log {
  readonly #environment: Environment;
  readonly #path: string;
  readonly #max: number;
  #onTrouble: ((text: string) => void) | undefined;

  /** `onTrouble`: called once with the reason if the log cannot be written. */
  constructor(environment: Environment, onTrouble?: (text: string) => void, max = maxSize) {
    this.#onTrouble = onTrouble;
    this.#environment = environment;
    this.#path = join(logDirOf(environment), "core.log");
    this.#max = max;
  }

  info(msg: string, fields: LogFields = {}): void {
    this.#write("INFO", msg, fields);
  }

  warn(msg: string, fields: LogFields = {}): void {
    this.#write("WARN", msg, fields);
  }

  #write(level: string, msg: string, fields: LogFields): void {
    const time = new Date(this.#environment.now()).toISOString();
    const line = `${JSON.stringify({ time, level, msg, pid: process.pid, ...fields })}\n`;
    try {
      for (const dir of [this.#environment.stateDir, logDirOf(this.#environment)]) {
        makePrivateDir(dir, this.#environment.uid);
      }
      this.#rotate(line.length);
      appendFileSync(this.#path, line, { mode: 0o600 });
    } catch (thrown) {
      const tell = this.#onTrouble;
      this.#onTrouble = undefined;
      tell?.(texts.core.logs.nothingLogged(failureFromSystem(thrown, this.#path).message));
    }
  }

  #rotate(more: number): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0 || size + more <= this.#max) return;
    for (let number = keptLogs - 1; number > 0; number -= 1) {
      const older = number === 1 ? this.#path : `${this.#path}.${number - 1}`;
      if (statSync(older, { throwIfNoEntry: false })) renameSync(older, `${this.#path}.${number}`);
    }
  }
}
