import { app, type BrowserWindow, dialog } from "electron";
import type { Client } from "../core/client/client.ts";
import { exitDespiteKeychain } from "../core/credentials/busy.ts";
import type { BrowserProxy } from "./browsers/proxy.ts";
import type { Hub } from "./hub.ts";
import { quitQuestion } from "./quit-question.ts";

export interface QuitParts {
  client: Client;
  hub: Hub;
  browsers: BrowserProxy;
  window: () => BrowserWindow | null;
  /** Allows the window to close. */
  allowClose: () => void;
}

/** Time limit for cleaning up, ms. */
const limit = 5000;

/**
 * Quits the app. While connected it asks whether to disconnect. A signal or the end of the desktop session quits
 * without asking and leaves the tunnel up. The browsers' proxy setting is restored in every case.
 */
export const handleQuit = (parts: QuitParts): void => {
  let over = false;
  let asking = false;

  const finish = async (disconnect: string[]): Promise<void> => {
    over = true;
    parts.allowClose();
    const work = Promise.allSettled([
      parts.browsers.restore(),
      ...disconnect.map((intranetId) => parts.client.disconnect(intranetId)),
    ]);
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, limit))]);
    parts.client.close();
    app.quit();
  };

  app.on("before-quit", (event) => {
    if (over) return;
    event.preventDefault();
    if (asking) return;
    const up = parts.hub.states.filter(({ phase }) => phase === "connected" || phase === "reconnecting");
    if (up.length === 0) return void finish([]);
    asking = true;
    void ask(up.map((state) => parts.hub.label(state.intranetId)).join(", "), parts.window()).then((answer) => {
      asking = false;
      if (answer !== "cancel") void finish(answer === "end" ? up.map((state) => state.intranetId) : []);
    });
  });
  // A pending keychain call would delay the exit until the user answers it, so this comes last.
  app.on("quit", (_event, code) => process.once("exit", () => exitDespiteKeychain(code)));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void finish([]));
};

const ask = async (names: string, window: BrowserWindow | null): Promise<"end" | "stay" | "cancel"> => {
  const options = quitQuestion(names);
  const { response } = await (window?.isVisible()
    ? dialog.showMessageBox(window, options)
    : dialog.showMessageBox(options));
  return response === 0 ? "end" : response === 1 ? "stay" : "cancel";
};
