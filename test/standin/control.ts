import { app } from "./app.ts";
import { BrowserWindow } from "./browser-window.ts";
import { ipcMain } from "./ipc-main.ts";
import * as native from "./native.ts";
import { protocol, session } from "./session.ts";

/**
 * What Playwright's `electronApp.evaluate` is on real Electron: a function of a specification, run in the main process with
 * the electron module. Only there when a specification started this process with a channel.
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
// The channel alone is no reason to live on; its end is one to go: whoever started this has gone without a word.
process.channel?.unref();
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
