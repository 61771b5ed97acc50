import type { MenuItemConstructorOptions } from "electron";
import { texts } from "../../common/text/shell.ts";

export interface MenuActions {
  settings(): void;
  add(): void;
  quit(): void;
}

/** The application menu. Every entry has a label of its own, because Electron's are only in English. */
export const menuTemplate = (actions: MenuActions): MenuItemConstructorOptions[] => {
  const { tray, menu } = texts.shell;
  return [
    {
      label: texts.appName,
      submenu: [
        { label: tray.addNetwork, accelerator: "CmdOrCtrl+N", click: () => actions.add() },
        { label: tray.settings, accelerator: "CmdOrCtrl+,", click: () => actions.settings() },
        { type: "separator" },
        { label: menu.close, role: "close" },
        { label: tray.quit, accelerator: "CmdOrCtrl+Q", click: () => actions.quit() },
      ],
    },
    {
      label: menu.edit,
      submenu: [
        { label: menu.undo, role: "undo" },
        { label: menu.redo, role: "redo" },
        { type: "separator" },
        { label: menu.cut, role: "cut" },
        { label: menu.copy, role: "copy" },
        { label: menu.paste, role: "paste" },
        { label: menu.remove, role: "delete" },
        { type: "separator" },
        { label: menu.selectAll, role: "selectAll" },
      ],
    },
  ];
};
