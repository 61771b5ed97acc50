import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { cancellable } from "./cancellable.ts";
import { type ChromiumPage, openChromium } from "./chromium.ts";
import { ipcMain } from "./ipc-main.ts";
import { session, toApp, toWeb } from "./session.ts";

export interface WindowOptions {
  width?: number;
  height?: number;
  show?: boolean;
  title?: string;
  webPreferences?: { preload?: string; additionalArguments?: string[] } & Record<string, unknown>;
}

type OpenHandler = (details: { url: string }) => { action: "allow" | "deny" };

const windows = new Set<BrowserWindow>();
let lastId = 0;

class WebContents extends EventEmitter {
  readonly id: number;
  readonly session = session.defaultSession;
  readonly window: BrowserWindow;
  readonly mainFrame = { url: "", parent: null, top: null as unknown };
  #open: OpenHandler = () => ({ action: "allow" });

  constructor(window: BrowserWindow, id: number) {
    super();
    this.window = window;
    this.id = id;
    this.mainFrame.top = this.mainFrame;
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  send(channel: string, ...args: unknown[]): void {
    this.window.page?.deliver({ type: "send", channel, args });
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#open = handler;
  }

  /** For the window: whether the page may open this URL. */
  mayOpen(url: string): boolean {
    return this.#open({ url }).action === "allow";
  }

  isDestroyed(): boolean {
    return this.window.isDestroyed();
  }

  setVisualZoomLevelLimits(): void {}

  reload(): void {
    void this.window.page?.reload();
  }

  openDevTools(): void {}
}

/** Each window is its own Chromium, so that destroying it frees everything, as in Electron. */
export class BrowserWindow extends EventEmitter {
  readonly id = ++lastId;
  readonly webContents: WebContents;
  readonly options: WindowOptions;
  page: ChromiumPage | undefined;
  /** Whether the page was loaded and the window shown. */
  shown = false;
  #visible: boolean;
  #destroyed = false;
  #bounds: { x: number; y: number; width: number; height: number };

  constructor(options: WindowOptions = {}) {
    super();
    this.options = options;
    this.#visible = options.show !== false;
    this.#bounds = { x: 0, y: 0, width: options.width ?? 800, height: options.height ?? 600 };
    this.webContents = new WebContents(this, this.id);
    windows.add(this);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return contents.window;
  }

  async loadURL(url: string): Promise<void> {
    const preload = this.options.webPreferences?.preload;
    this.page = await openChromium({
      ...this.#bounds,
      preload: preload ? readFileSync(preload, "utf8") : "",
      argv: this.options.webPreferences?.additionalArguments ?? [],
      fetch: (address, type, method) => session.defaultSession.fetch(toApp(address), type, method),
      mayNavigate: (address) => cancellable(this.webContents, "will-navigate", { url: toApp(address) }, toApp(address)),
      mayOpen: (address) => this.webContents.mayOpen(toApp(address)),
      grants: (permission) => session.defaultSession.grants(permission),
      invoke: (frameUrl, isMain, channel, args) => {
        const frame = isMain
          ? this.webContents.mainFrame
          : { url: toApp(frameUrl), parent: this.webContents.mainFrame };
        if (isMain) this.webContents.mainFrame.url = toApp(frameUrl);
        return ipcMain.invoke({ sender: this.webContents, senderFrame: frame }, channel, args);
      },
      closed: () => this.#closedByUser(),
      crashed: () => this.webContents.emit("render-process-gone", {}, { reason: "killed", exitCode: 9 }),
    });
    if (this.#destroyed) {
      await this.page.close();
      return;
    }
    this.webContents.mainFrame.url = url;
    await this.page.goto(toWeb(url));
    this.emit("ready-to-show");
    this.webContents.emit("did-finish-load");
  }

  show(): void {
    if (this.#visible || this.#destroyed) return;
    this.#visible = true;
    this.shown = true;
    this.emit("show");
    this.focus();
  }

  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.emit("hide");
  }

  /** Closes the window like the user. */
  close(): void {
    if (this.#destroyed) return;
    if (cancellable(this, "close")) this.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#visible = false;
    windows.delete(this);
    void this.page?.close();
    this.emit("closed");
  }

  /** The user closed Chromium's window. It cannot be hidden instead, because it no longer exists. */
  #closedByUser(): void {
    if (this.#destroyed) return;
    cancellable(this, "close");
    this.destroy();
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isVisible(): boolean {
    return this.#visible;
  }

  isFocused(): boolean {
    return this.#visible;
  }

  isMinimized(): boolean {
    return false;
  }

  restore(): void {}

  focus(): void {
    this.emit("focus");
  }

  setMenuBarVisibility(): void {}

  setTitle(): void {}

  setBackgroundColor(): void {}

  getBounds(): { x: number; y: number; width: number; height: number } {
    return this.#bounds;
  }
}
