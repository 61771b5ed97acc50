/**
 * A replacement for the `electron` module on Node.js, with the parts that the app uses. A window is an installed
 * Chromium. Native elements (tray, notifications, dialogs, menus) are data that tests can read and click.
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
