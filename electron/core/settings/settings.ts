import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { failureFromSystem } from "../causes/system.ts";
import type { IntranetInfo } from "../client/model.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { readText, writeAtomic } from "../host/files.ts";
import { withLock } from "../host/lock.ts";
import { type IntranetRecord, type Settings, settingsSchema } from "./schema.ts";

const fresh = (): Settings => ({ version: 1, intranets: [] });

/** Called when a settings file was damaged, with the path where it was kept. */
export type OnDamaged = (keptAs: string) => void;

/**
 * This user's settings, shared by app and command line. Read on every access, because the other program may have
 * changed them.
 */
export class SettingsFile {
  readonly path: string;
  readonly #environment: Environment;
  readonly #onDamaged: OnDamaged;

  constructor(environment: Environment, onDamaged: OnDamaged = () => undefined) {
    this.path = join(environment.configDir, "settings.json");
    this.#environment = environment;
    this.#onDamaged = onDamaged;
  }

  async read(): Promise<Settings> {
    const settings = await this.#readFile();
    if (settings) return this.#withRunning(settings);
    await withLock(this.#environment, "settings", () => this.#putAside());
    return this.#withRunning((await this.#readFile()) ?? fresh());
  }

  /** null: the file is damaged. */
  async #readFile(): Promise<Settings | null> {
    const text = await readText(this.path);
    return text === undefined ? fresh() : parse(text);
  }

  /**
   * Moves a damaged file aside. Called under the lock, so that another process's write is not mistaken for damage.
   */
  async #putAside(): Promise<void> {
    if (await this.#readFile()) return;
    // Kept under a new name, because it may be repaired by hand.
    let keptAs = `${this.path}.damaged`;
    for (let count = 2; existsSync(keptAs); count += 1) keptAs = `${this.path}.damaged-${count}`;
    await rename(this.path, keptAs).catch((thrown) => {
      throw failureFromSystem(thrown, this.path);
    });
    this.#onDamaged(keptAs);
  }

  /** Adds the intranets of running tunnels that are not in the file, because it was damaged, lost or replaced. */
  async #withRunning(settings: Settings): Promise<Settings> {
    const { notedIntranets, runningIntranets } = await import("../tunnel/running.ts");
    const known = new Set(settings.intranets.map((one) => one.id));
    const ids = notedIntranets(this.#environment).filter((id) => !known.has(id));
    if (ids.length === 0) return settings;
    for (const record of await runningIntranets(this.#environment, ids)) {
      const name = settings.intranets.some((one) => one.name === record.name)
        ? nameFor(settings, record.name, record.code)
        : record.name;
      settings.intranets.push({ ...record, name });
    }
    return settings;
  }

  /** Reads, applies `change` and writes, under a lock shared by all processes of this user. */
  async update<T>(change: (settings: Settings) => T): Promise<T> {
    makePrivateDir(this.#environment.configDir, this.#environment.uid);
    return withLock(this.#environment, "settings", async () => {
      await this.#putAside();
      const settings = await this.#withRunning((await this.#readFile()) ?? fresh());
      const before = JSON.stringify(settings);
      const result = change(settings);
      if (JSON.stringify(settings) !== before) {
        await writeAtomic(this.path, `${JSON.stringify(settings, null, 2)}\n`);
      }
      return result;
    });
  }

  /** Changes one intranet's record, if it still exists. */
  async updateIntranet(id: string, change: (record: IntranetRecord) => void): Promise<void> {
    await this.update((settings) => {
      const record = settings.intranets.find((one) => one.id === id);
      if (record) change(record);
    });
  }
}

function parse(text: string): Settings | null {
  try {
    const result = settingsSchema.safeParse(JSON.parse(text));
    if (!result.success || !isUnique(result.data.intranets)) return null;
    return result.data;
  } catch {
    return null;
  }
}

const isUnique = (records: IntranetRecord[]): boolean =>
  new Set(records.map((one) => one.id)).size === records.length &&
  new Set(records.map((one) => one.name)).size === records.length;

/** Finds an intranet by name or id; without one returns the only one, the default, or the only one with a sign-in. */
export function chooseIntranet(settings: Settings, given: string | undefined): IntranetRecord {
  const { intranets } = settings;
  if (given !== undefined) {
    const found = intranets.find((one) => one.name === given) ?? intranets.find((one) => one.id === given);
    if (found) return found;
    throw new Failure("unknown_intranet", { subject: given });
  }
  const signedIn = intranets.filter((one) => one.signedIn);
  const chosen =
    intranets.length === 1
      ? intranets[0]
      : (intranets.find((one) => one.id === settings.default) ?? (signedIn.length === 1 ? signedIn[0] : undefined));
  if (chosen) return chosen;
  if (intranets.length === 0) throw new Failure("unknown_intranet");
  const names = intranets.map((one) => one.name);
  throw new Failure("invalid_argument", {
    text: texts.core.intranets.several(names),
  });
}

/** The public part of the settings. */
export const intranetInfos = ({ intranets, default: preferred }: Settings): IntranetInfo[] =>
  intranets.map((one) => ({
    intranet: one.name,
    intranetId: one.id,
    displayName: one.displayName,
    userName: one.user,
    server: one.server,
    enterpriseCode: one.code,
    store: one.store,
    signedIn: one.signedIn,
    isDefault: intranets.length === 1 || one.id === preferred,
  }));

/** A unique name for a new intranet, made from its display name, that needs no quotes in a shell. */
export function nameFor(settings: Settings, displayName: string, code: string): string {
  const slug = displayName
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 48);
  const base = slug || code.toLowerCase();
  const taken = new Set(settings.intranets.map((one) => one.name));
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name)) return name;
  }
}

/** Checks a name chosen by the user: it can be typed in a shell and does not look like an option. */
export function checkName(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(name)) return name;
  throw new Failure("invalid_argument", {
    text: texts.core.intranets.badName,
  });
}

/** Records the sign-out; `forget` removes the intranet. */
export function signedOut(settings: Settings, intranetId: string, forget: boolean): void {
  const index = settings.intranets.findIndex((one) => one.id === intranetId);
  if (index < 0) return;
  if (forget) {
    settings.intranets.splice(index, 1);
    if (settings.default === intranetId) delete settings.default;
  } else Object.assign(settings.intranets[index] ?? {}, { signedIn: false });
}
