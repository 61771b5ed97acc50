import { app } from "./app.ts";
import { BrowserWindow } from "./browser-window.ts";
import { ipcMain } from "./ipc-main.ts";
import * as native from "./native.ts";
import { protocol, session } from "./session.ts";

/**
 * Provides what Playwright's `electronApp.evaluate` does on real Electron: runs a test's function in the main process
 * with the electron module. Only used when a test started this process with an IPC channel.
 */
const electron = { app, BrowserWindow, ipcMain, protocol, session, ...native };

interface Evaluation {
  id: number;
  source: string;
  argument: unknown;
}

process.on("message", async ({ id, source, argument }: Evaluation) => {
  try {
    const body = new Function(`return (${source});`)() as (module: typeof electron, argument: unknown) => unknown;
    const value = await body(electron, argument);
    process.send?.({ id, value });
  } catch (error) {
    process.send?.({ id, failure: String(error) });
  }
});
// The channel must not keep the process alive; when it closes, the test has ended, so exit.
process.channel?.unref();
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
