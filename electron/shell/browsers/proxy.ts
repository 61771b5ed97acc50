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
  /** What the app set: a later difference was made by another program, and stays. */
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
 * "Open intranet pages in my browser": puts an intranet's PAC into the system's proxy setting while that intranet is up, and
 * puts back what was there: on request, on disconnect, at quit, and at the next start after a crash.
 */
export class BrowserProxy {
  readonly #parts: BrowserProxyParts;
  #supported = false;
  /** The intranet a person wants it for, up or not. */
  #wanted: string | null = null;
  /** What was written last is not what the desktop says now: without a D-Bus session dconf accepts a write and loses it. */
  #refused = false;
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
    this.#refused = false;
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
      if (await this.#isTaken(ours)) return;
      this.#wanted = null;
      this.#refused = true;
      await this.#undo();
      this.#tell();
    });
  }

  async restore(): Promise<void> {
    await this.use(null);
  }

  /** Writes it, and reads back whether the desktop has it now. */
  async #isTaken(setting: ProxySetting): Promise<boolean> {
    try {
      await this.#parts.system.write(setting);
      return same(setting, await this.#parts.system.read());
    } catch {
      return false;
    }
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
    this.#parts.changed({ supported: this.#supported, intranetId: this.#wanted, refused: this.#refused });
  }
}

const same = (a: ProxySetting, b: ProxySetting): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
