import { Menu } from "electron";
import { type MenuActions, menuTemplate } from "./menu-template.ts";

/** The application menu: on macOS what every app has, elsewhere hidden, there for its keys. */
export const setMenu = (actions: MenuActions): void => {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions)));
};
