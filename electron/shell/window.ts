import { join } from "node:path";
import { app, BrowserWindow, type Event, session } from "electron";
import { texts } from "../../common/text/index.ts";
import { chosenLanguage } from "../../common/text/language.ts";
import { type Delta, deltaChannel, languageArgument } from "../bridge.ts";
import { hardenContents, hardenSession } from "./harden.ts";
import { startUrl } from "./scheme.ts";

/** How long a hidden window is kept for fast reopening before its memory is freed, ms. */
const keptHidden = 60_000;

export interface WindowEvents {
  /** The window became visible or hidden. */
  visible(visible: boolean): void;
  /** The user closed the window; the tunnel stays up. */
  closedByPerson(): void;
}

/** The only window: created on demand, hidden when closed, destroyed after a minute in the background. */
export class MainWindow {
  readonly #folder: string;
  readonly #events: WindowEvents;
  #window: BrowserWindow | null = null;
  #timer: NodeJS.Timeout | null = null;
  #quitting = false;

  /** @param folder of the built preload and renderer. */
  constructor(folder: string, events: WindowEvents) {
    this.#folder = folder;
    this.#events = events;
    hardenSession(session.defaultSession);
    app.on("web-contents-created", (_event, contents) => hardenContents(contents));
  }

  get current(): BrowserWindow | null {
    return this.#window;
  }

  /** Whether the window is visible and focused. */
  get inFront(): boolean {
    return this.#window?.isVisible() === true && this.#window.isFocused();
  }

  open(): void {
    this.#stopTimer();
    if (!this.#window) this.#create();
    const window = this.#window;
    if (!window || !this.#loaded) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  send(delta: Delta): void {
    this.#window?.webContents.send(deltaChannel, delta);
  }

  /** From now on the window closes instead of being hidden. */
  allowClose(): void {
    this.#quitting = true;
  }

  #loaded = false;

  #create(): void {
    const window = new BrowserWindow({
      width: 420,
      height: 680,
      minWidth: 360,
      minHeight: 560,
      show: false,
      title: texts.appName,
      autoHideMenuBar: true,
      webPreferences: {
        preload: join(this.#folder, "preload.cjs"),
        additionalArguments: [`${languageArgument}${chosenLanguage()}`],
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        safeDialogs: true,
        spellcheck: false,
        devTools: !app.isPackaged,
      },
    });
    this.#window = window;
    this.#loaded = false;
    hardenContents(window.webContents);
    window.once("ready-to-show", () => {
      this.#loaded = true;
      this.open();
    });
    window.on("show", () => this.#events.visible(true));
    window.on("restore", () => this.#events.visible(true));
    window.on("minimize", () => this.#events.visible(false));
    window.on("hide", () => this.#events.visible(false));
    window.on("close", (event) => this.#close(event));
    window.on("closed", () => {
      this.#stopTimer();
      this.#window = null;
      this.#loaded = false;
      this.#events.visible(false);
    });
    // Destroys a window whose page crashed; opening creates a new one.
    window.webContents.on("render-process-gone", () => window.destroy());
    void window.loadURL(startUrl);
  }

  #close(event: Event): void {
    if (this.#quitting) return;
    event.preventDefault();
    this.#window?.hide();
    this.#stopTimer();
    this.#timer = setTimeout(() => this.#window?.destroy(), keptHidden);
    this.#timer.unref();
    this.#events.closedByPerson();
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
