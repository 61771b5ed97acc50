/**
 * Stand-in for the `electron` module on Node: as much of its surface as the app uses, with the same behaviour where the app
 * depends on it. A window is an installed Chromium. What is native in Electron (tray, notifications, dialogs, menus) is kept
 * as data that specifications can read and click.
 */
export { app } from "./app.ts";
export { BrowserWindow } from "./browser-window.ts";
export { ipcMain } from "./ipc-main.ts";
export {
  clipboard,
  dialog,
  Menu,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  shell,
  Tray,
} from "./native.ts";
export { protocol, session } from "./session.ts";

import "./control.ts";
