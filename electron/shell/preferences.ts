import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { makeDirectories } from "../../common/directories.ts";
import { type Preferences, preferencesSchema } from "../bridge.ts";

/** The app's own stored settings, without secrets. */
const fileSchema = z.object({
  preferences: preferencesSchema.partial().catch({}),
  selected: z.string().nullable().catch(null),
  /** Whether the user has been notified once that the tunnel stays up when the window closes. */
  toldClosing: z.boolean().catch(false),
});
type Remembered = z.infer<typeof fileSchema>;

export const defaultPreferences: Preferences = {
  launchAtLogin: false,
  connectAtStart: false,
  startHidden: false,
  theme: "system",
};

/** Stored in one small file that is replaced as a whole. If it cannot be read, the defaults apply. */
export class Memory {
  readonly #path: string;
  #now: Remembered;

  constructor(path: string) {
    this.#path = path;
    this.#now = read(path);
  }

  get preferences(): Preferences {
    return { ...defaultPreferences, ...defined(this.#now.preferences) };
  }

  get selected(): string | null {
    return this.#now.selected;
  }

  get toldClosing(): boolean {
    return this.#now.toldClosing;
  }

  remember(change: Partial<Remembered>): void {
    this.#now = { ...this.#now, ...change };
    makeDirectories(dirname(this.#path), 0o700);
    const fresh = `${this.#path}.new`;
    writeFileSync(fresh, `${JSON.stringify(this.#now, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, this.#path);
  }
}

const read = (path: string): Remembered => {
  const nothing: Remembered = { preferences: {}, selected: null, toldClosing: false };
  try {
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? parsed.data : nothing;
  } catch {
    return nothing;
  }
};

const defined = (partial: Remembered["preferences"]): Partial<Preferences> =>
  Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
