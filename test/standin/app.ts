import { EventEmitter, once } from "node:events";
import { mkdirSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cancellable } from "./cancellable.ts";

/** The directory for Electron's own data: the instance lock and Chromium's profiles. */
const userData = join(process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "sag", "standin");

class App extends EventEmitter {
  name = "SAG";
  isPackaged = false;
  #quitting = false;
  #lock: Server | undefined;
  #handedOver: Promise<unknown> = Promise.resolve();
  #login = { openAtLogin: false };
  readonly commandLine = { appendSwitch: (): void => {} };

  async whenReady(): Promise<void> {}

  isReady(): boolean {
    return true;
  }

  getVersion(): string {
    return process.env.npm_package_version ?? "0.0.0";
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = name;
  }

  setAppUserModelId(): void {}

  getLocale(): string {
    return "en-US";
  }

  getAppPath(): string {
    return process.cwd();
  }

  getPath(name: string): string {
    mkdirSync(userData, { recursive: true, mode: 0o700 });
    return name === "temp" ? tmpdir() : name === "exe" ? process.execPath : userData;
  }

  setAsDefaultProtocolClient(): boolean {
    return true;
  }

  enableSandbox(): void {}

  getLoginItemSettings(): { openAtLogin: boolean } {
    return this.#login;
  }

  setLoginItemSettings(settings: { openAtLogin: boolean }): void {
    this.#login = { ...settings };
  }

  /** Synchronous, as in Electron; the kernel binds the abstract socket during listen(). */
  requestSingleInstanceLock(): boolean {
    const name = `\0sag-standin-${process.getuid?.() ?? 0}-${userData}`.slice(0, 100);
    this.#lock = createServer((socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("end", () => {
        const { argv, cwd } = JSON.parse(Buffer.concat(chunks).toString()) as { argv: string[]; cwd: string };
        this.emit("second-instance", {}, argv, cwd);
      });
    });
    let taken = false;
    this.#lock.on("error", () => {
      taken = true;
    });
    this.#lock.listen(name).unref();
    // Node.js binds within listen(), so the result is known at once.
    taken ||= !this.#lock.listening;
    if (!taken) return true;
    const first = createConnection(name);
    this.#handedOver = once(first, "close").catch(() => {});
    first.end(JSON.stringify({ argv: process.argv, cwd: process.cwd() }));
    return false;
  }

  quit(): void {
    if (this.#quitting) return;
    if (!cancellable(this, "before-quit")) return;
    if (!cancellable(this, "will-quit")) return;
    this.#quitting = true;
    this.emit("quit", {}, 0);
    // A second instance: passes its arguments to the first one before exiting.
    void this.#handedOver.then(() => process.exit(0));
  }

  exit(code = 0): void {
    this.#quitting = true;
    process.exit(code);
  }

  focus(): void {}
}

export const app = new App();
