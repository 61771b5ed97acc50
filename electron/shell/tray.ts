import { join } from "node:path";
import { Menu, nativeImage, nativeTheme, Tray } from "electron";
import { type Tone, toneOf } from "../../common/tone.ts";
import { stateLine, type TrayActions, type TrayView, trayMenu, trayTip } from "./tray-menu.ts";

/** The tray icon: shape and colour by state, for light and dark panels. */
export class AppTray {
  readonly #folder: string;
  readonly #actions: TrayActions;
  readonly #tray: Tray;
  #view: TrayView = { states: [], label: () => "", selected: null, isLocked: false };
  #shown = "";

  /** @param folder of the icons. */
  constructor(folder: string, actions: TrayActions) {
    this.#folder = folder;
    this.#actions = actions;
    this.#tray = new Tray(this.#image("neutral"));
    this.#tray.on("click", () => actions.open());
    nativeTheme.on("updated", () => this.#draw());
    this.#draw();
  }

  update(view: TrayView): void {
    this.#view = view;
    // Redraws only on visible changes: counters change every second, and rebuilding the menu closes it on some
    // desktops.
    const lines = view.states.map((state) => [stateLine(state, view.label(state.intranetId)), toneOf(state)]);
    const shown = JSON.stringify([view.selected, view.isLocked, lines]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#draw();
  }

  #draw(): void {
    const { states, selected } = this.#view;
    const current = states.find((state) => state.intranetId === selected);
    this.#tray.setImage(this.#image(current ? toneOf(current) : "neutral"));
    this.#tray.setToolTip(trayTip(this.#view));
    this.#tray.setContextMenu(Menu.buildFromTemplate(trayMenu(this.#view, this.#actions)));
  }

  #image(tone: Tone): Electron.NativeImage {
    const bar = nativeTheme.shouldUseDarkColors ? "dark" : "light";
    return nativeImage.createFromPath(join(this.#folder, `tray-${tone}-${bar}.png`));
  }
}
