import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Tells when something changes in the service's directory, whose file "blocking" is written anew with every state; and when that
 * directory comes or goes, as it does when the service is installed or removed.
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
    // It may have come before the watch began.
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
