import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** Limits of the log files. */
export interface Rotation {
  /** Maximum size of one file, bytes. */
  maxBytes: number;
  /** Number of rotated files to keep; FILE.1 is the latest. */
  keep: number;
}

export const defaultRotation: Rotation = { maxBytes: 10 * 1024 * 1024, keep: 5 };

/**
 * A log file that is rotated when full, so that all files together never exceed (keep + 1) × maxBytes. `write` never throws: a
 * line that cannot be written, for example because the disk is full, is lost.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #rotation: Rotation;
  #file: number;
  #size: number;

  /** Throws the file system's error if the file cannot be opened. */
  constructor(path: string, rotation: Rotation = defaultRotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#file = openSync(path, "a", 0o600);
    this.#size = fstatSync(this.#file).size;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#rotation.maxBytes) this.#rotate();
      this.#size += writeSync(this.#file, bytes);
    } catch {
      // There is no other place to log this.
    }
  }

  #rotate(): void {
    const { keep } = this.#rotation;
    rmSync(`${this.#path}.${Math.max(keep, 1)}`, { force: true });
    for (let i = keep - 1; i >= 1; i--) move(`${this.#path}.${i}`, `${this.#path}.${i + 1}`);
    if (keep > 0) move(this.#path, `${this.#path}.1`);
    else rmSync(this.#path, { force: true });
    const next = openSync(this.#path, "a", 0o600);
    closeSync(this.#file);
    this.#file = next;
    this.#size = fstatSync(next).size;
  }

  /**
   * Opens a new file after another program, such as logrotate, has moved this one. Keeps writing to the old file if that fails.
   */
  reopen(): void {
    try {
      const next = openSync(this.#path, "a", 0o600);
      closeSync(this.#file);
      this.#file = next;
      this.#size = fstatSync(next).size;
    } catch {
      // There is no other place to log this.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
