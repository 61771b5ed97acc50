import { Menu } from "electron";
import { type MenuActions, menuTemplate } from "./menu-template.ts";

/** Sets the application menu. Only macOS shows it; elsewhere it provides the keyboard shortcuts. */
export const setMenu = (actions: MenuActions): void => {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(actions)));
};
