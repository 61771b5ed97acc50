import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Calls back when the service's directory changes: its file "blocking" is rewritten with every state, and the
 * directory itself appears or disappears when the service is installed or removed.
 */
export class ServiceWatch {
  readonly #dir: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  #isOpen = true;

  constructor(dir: string, onChange: () => void) {
    this.#dir = dir;
    this.#onChange = onChange;
    this.#arm();
  }

  close(): void {
    this.#isOpen = false;
    this.#watcher?.close();
  }

  #arm(): void {
    if (!this.#isOpen || this.#watch(this.#dir)) return;
    this.#watch(dirname(this.#dir));
    // The directory may have been created before the watch began.
    if (existsSync(this.#dir)) this.#watch(this.#dir);
  }

  #watch(path: string): boolean {
    try {
      const next = watch(path, (_, name) => {
        if (name === basename(this.#dir)) this.#arm();
        else if (path !== this.#dir) return;
        this.#onChange();
      });
      next.on("error", () => undefined);
      this.#watcher?.close();
      this.#watcher = next;
      return true;
    } catch {
      return false;
    }
  }
}
