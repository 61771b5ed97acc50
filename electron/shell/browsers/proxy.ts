import type { BrowserSetting } from "../../bridge.ts";

/** A desktop's own proxy setting, as far as we touch it. One implementation per system. */
export interface SystemProxy {
  /** It is there and may be changed. */
  supported(): Promise<boolean>;
  /** What it says now, in the system's own words; opaque to everybody else. */
  read(): Promise<ProxySetting>;
  write(setting: ProxySetting): Promise<void>;
  /** The setting that sends browsers to a PAC file. */
  forPac(url: string): ProxySetting;
}

/** Key → value, as the system has them. */
export type ProxySetting = Record<string, string>;

/** Where it is written down before the system's setting is touched. */
export interface ProxyJournal {
  read(): JournalEntry | null;
  write(entry: JournalEntry): void;
  clear(): void;
}

export interface JournalEntry {
  /** What the person had. */
  before: ProxySetting;
  /** What we set: whatever differs from it later was changed by somebody else, and stays. */
  ours: ProxySetting;
  intranetId: string;
}

export interface BrowserProxyParts {
  system: SystemProxy;
  journal: ProxyJournal;
  /** The PAC of an intranet that is up; null = it is not. */
  pacOf: (intranetId: string) => string | null;
  changed: (setting: BrowserSetting) => void;
}

/**
 * "Use for this computer's browsers": puts an intranet's PAC into the system's proxy setting while that intranet is up, and
 * puts back what was there: on request, on disconnect, at quit, and at the next start after a crash.
 */
export class BrowserProxy {
  readonly #parts: BrowserProxyParts;
  #supported = false;
  /** The intranet a person wants it for, up or not. */
  #wanted: string | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: BrowserProxyParts) {
    this.#parts = parts;
  }

  /** After a crash the setting may still be ours: it is put back, whoever is up. */
  async start(): Promise<void> {
    this.#supported = await this.#parts.system.supported();
    await this.#serially(() => this.#undo());
    this.#tell();
  }

  /** @param intranetId null = as the person had it. */
  async use(intranetId: string | null): Promise<void> {
    this.#wanted = this.#supported ? intranetId : null;
    await this.follow();
    this.#tell();
  }

  /** Brings the setting in line with what is up: to be called when an intranet's state has changed. */
  async follow(): Promise<void> {
    await this.#serially(async () => {
      const pac = this.#wanted === null ? null : this.#parts.pacOf(this.#wanted);
      const entry = this.#parts.journal.read();
      if (this.#wanted === null || pac === null) return this.#undo();
      const ours = this.#parts.system.forPac(pac);
      if (entry && same(entry.ours, ours)) return;
      await this.#undo();
      const before = await this.#parts.system.read();
      this.#parts.journal.write({ before, ours, intranetId: this.#wanted });
      await this.#parts.system.write(ours);
    });
  }

  async restore(): Promise<void> {
    await this.use(null);
  }

  async #undo(): Promise<void> {
    const entry = this.#parts.journal.read();
    if (!entry) return;
    const now = await this.#parts.system.read();
    const back = Object.entries(entry.before).filter(([key]) => now[key] === entry.ours[key]);
    await this.#parts.system.write(Object.fromEntries(back));
    this.#parts.journal.clear();
  }

  /** One change after the other, in the order they were asked for; a failed one does not stop the next. */
  #serially(body: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(body);
    this.#queue = run.catch(() => {});
    return run;
  }

  #tell(): void {
    this.#parts.changed({ supported: this.#supported, intranetId: this.#wanted });
  }
}

const same = (a: ProxySetting, b: ProxySetting): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
