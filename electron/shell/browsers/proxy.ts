import type { BrowserSetting } from "../../bridge.ts";

/** Access to the desktop's proxy setting. One implementation per system. */
export interface SystemProxy {
  /** Whether the setting exists and can be changed. */
  supported(): Promise<boolean>;
  /** The current setting in the system's own format. */
  read(): Promise<ProxySetting>;
  write(setting: ProxySetting): Promise<void>;
  /** The setting that sends browsers to a PAC file. */
  forPac(url: string): ProxySetting;
}

/** Key → value in the system's format. */
export type ProxySetting = Record<string, string>;

/** Records the previous setting before it is changed. */
export interface ProxyJournal {
  read(): JournalEntry | null;
  write(entry: JournalEntry): void;
  clear(): void;
}

export interface JournalEntry {
  /** The user's own setting. */
  before: ProxySetting;
  /** The setting that the app made. If the current one differs, another program changed it, and it is kept. */
  ours: ProxySetting;
  intranetId: string;
}

export interface BrowserProxyParts {
  system: SystemProxy;
  journal: ProxyJournal;
  /** The PAC URL of a connected intranet; null = not connected. */
  pacOf: (intranetId: string) => string | null;
  changed: (setting: BrowserSetting) => void;
}

/**
 * "Open intranet pages in my browser": sets the system's proxy setting to an intranet's PAC file while it is
 * connected, and restores the user's setting on request, on disconnect, on quit, and at the next start after a crash.
 */
export class BrowserProxy {
  readonly #parts: BrowserProxyParts;
  #supported = false;
  /** The intranet that the user chose, connected or not. */
  #wanted: string | null = null;
  /**
   * The setting read back differs from what was written: without a D-Bus session dconf accepts writes and loses them.
   */
  #refused = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: BrowserProxyParts) {
    this.#parts = parts;
  }

  /** Restores the user's setting if a crash left the app's own in place. */
  async start(): Promise<void> {
    this.#supported = await this.#parts.system.supported();
    await this.#serially(() => this.#undo());
    this.#tell();
  }

  /** @param intranetId null = the user's own setting. */
  async use(intranetId: string | null): Promise<void> {
    this.#wanted = this.#supported ? intranetId : null;
    this.#refused = false;
    await this.follow();
    this.#tell();
  }

  /** Updates the setting; to be called when an intranet's state has changed. */
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

  /** Writes the setting and reads it back; false if the desktop did not accept it. */
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

  /** Runs changes one at a time, in the order of the calls; a failed one does not stop the next. */
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
