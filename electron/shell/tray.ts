import { join } from "node:path";
import { Menu, nativeImage, nativeTheme, Tray } from "electron";
import type { IntranetState } from "../core/model.ts";
import { type Tone, toneOf } from "./tone.ts";
import { stateLine, type TrayActions, trayMenu } from "./tray-menu.ts";
import { words } from "./words.ts";

/** The icon beside the clock: shape and colour by state, for light and dark bars. */
export class AppTray {
  readonly #folder: string;
  readonly #actions: TrayActions;
  readonly #tray: Tray;
  #states: IntranetState[] = [];
  #selected: string | null = null;
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

  update(states: IntranetState[], selected: string | null): void {
    this.#states = states;
    this.#selected = selected;
    // Counters change every second; a menu that is rebuilt closes under the hand on some desktops.
    const shown = JSON.stringify([selected, states.map((state) => [stateLine(state), toneOf(state)])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#draw();
  }

  #draw(): void {
    const current = this.#states.find((state) => state.intranetId === this.#selected);
    this.#tray.setImage(this.#image(current ? toneOf(current) : "neutral"));
    this.#tray.setToolTip(current ? stateLine(current).replaceAll("&&", "&") : words.app);
    this.#tray.setContextMenu(Menu.buildFromTemplate(trayMenu(this.#states, this.#selected, this.#actions)));
  }

  #image(tone: Tone): Electron.NativeImage {
    const bar = nativeTheme.shouldUseDarkColors ? "dark" : "light";
    return nativeImage.createFromPath(join(this.#folder, `tray-${tone}-${bar}.png`));
  }
}
