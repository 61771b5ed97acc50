import { unwatchFile, watchFile } from "node:fs";
import type { Log } from "../base/log.ts";
import { formatPin, type ServerIdentity } from "./certificate.ts";

/** Interval for checking the certificate files, ms. */
const lookMs = 10_000;
/** Interval for checking the self-signed certificate, ms; it is renewed 30 days before it expires. */
const renewalMs = 12 * 3_600_000;

/** The certificate in use. It is renewed while the server runs: by an ACME client every 60 days, or by the server itself. */
export class CurrentIdentity {
  #identity: ServerIdentity;
  readonly #load: () => ServerIdentity;
  readonly #log: Log;
  readonly #listeners: ((identity: ServerIdentity) => void)[] = [];
  readonly #watched: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Loads the identity; throws if that fails. */
  constructor(load: () => ServerIdentity, log: Log) {
    this.#load = load;
    this.#log = log;
    this.#identity = load();
  }

  get identity(): ServerIdentity {
    return this.#identity;
  }

  get pins(): string[] {
    return this.#identity.pins.map(formatPin);
  }

  /** The listener is called with each new identity. */
  onChange(listener: (identity: ServerIdentity) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the files again. If they do not match, as in the middle of a renewal, the current certificate stays in use. */
  reload(): void {
    let next: ServerIdentity;
    try {
      next = this.#load();
    } catch (error) {
      this.#log("error", "could not reload the certificate; the former one stays in use", {
        error: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    const former = this.#identity;
    if (next.certificate === former.certificate && next.key === former.key && samePins(next, former)) return;
    const announced = former.pins.map(formatPin);
    const pin = formatPin(next.pins[0] ?? new Uint8Array());
    this.#identity = next;
    for (const listener of this.#listeners) listener(next);
    this.#log("info", "certificate reloaded", { pin });
    if (!announced.includes(pin)) {
      this.#log("warn", "the certificate's key was not announced: clients with a pin refuse it and need a new link", {
        pin,
      });
    }
  }

  /** Reloads when one of the files changes. Polls, because the files can be symbolic links or on a network file system. */
  watch(files: readonly string[]): void {
    for (const file of files) {
      watchFile(file, { interval: lookMs, persistent: false }, () => this.reload());
      this.#watched.push(file);
    }
    this.#timer = setInterval(() => this.reload(), renewalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const file of this.#watched) unwatchFile(file);
  }
}

function samePins(a: ServerIdentity, b: ServerIdentity): boolean {
  return a.pins.map(formatPin).join() === b.pins.map(formatPin).join();
}
