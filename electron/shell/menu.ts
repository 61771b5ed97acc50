import { Menu, type MenuItemConstructorOptions } from "electron";
import { words } from "./words.ts";

/** The application menu: on macOS what every app has, elsewhere hidden, there for its keys. */
export const setMenu = (actions: { settings(): void; add(): void; quit(): void }): void => {
  const app: MenuItemConstructorOptions = {
    label: words.app,
    submenu: [
      { label: words.addNetwork, accelerator: "CmdOrCtrl+N", click: () => actions.add() },
      { label: words.settings, accelerator: "CmdOrCtrl+,", click: () => actions.settings() },
      { type: "separator" },
      { role: "close" },
      { label: words.quit, accelerator: "CmdOrCtrl+Q", click: () => actions.quit() },
    ],
  };
  Menu.setApplicationMenu(Menu.buildFromTemplate([app, { role: "editMenu" }]));
};
