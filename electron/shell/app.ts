import { join } from "node:path";
import { app, ipcMain } from "electron";
import { callChannel } from "../bridge.ts";
import type { Client } from "../core/client.ts";
import { version } from "../core/version.ts";
import { makeAutostart } from "./autostart.ts";
import { receive } from "./bridge-host.ts";
import { fileJournal } from "./browsers/journal.ts";
import { BrowserProxy } from "./browsers/proxy.ts";
import { systemProxy } from "./browsers/system.ts";
import { dialling, makeHandlers } from "./calls.ts";
import { Hub } from "./hub.ts";
import { Memory } from "./preferences.ts";
import { registerScheme, serveScheme } from "./scheme.ts";
import { MainWindow } from "./window.ts";

export interface AppParts {
  client: Client;
  /** Of the built app: preload.cjs, renderer/, icons/. */
  folder: string;
  /** The person's folder for settings. */
  config: string;
}

/** Joins core and shell, and starts them. Only called by the first instance. */
export const startApp = async ({ client, folder, config }: AppParts): Promise<void> => {
  registerScheme();
  await app.whenReady();
  serveScheme(join(folder, "renderer"));

  const memory = new Memory(join(config, "app.json"));
  const hub = new Hub({
    version,
    platform: process.platform,
    preferences: memory.preferences,
    browsers: { supported: false, intranetId: null },
    selected: memory.selected,
    now: Date.now,
  });
  const browsers = new BrowserProxy({
    system: systemProxy(),
    journal: fileJournal(join(config, "browser-proxy.json")),
    pacOf: (intranetId) => hub.state(intranetId)?.pac ?? null,
    changed: (setting) => hub.setBrowsers(setting),
  });
  await browsers.start();

  const watching = client.watch((event) => hub.apply(event));
  const window = new MainWindow(folder, {
    visible: (visible) => watching.setAttentive(visible),
    closedByPerson: () => {},
  });
  hub.subscribe((delta) => {
    window.send(delta);
    if (delta.change.kind === "intranet" || delta.change.kind === "removed") void browsers.follow();
  });
  const handlers = makeHandlers({ client, hub, memory, browsers, autostart: makeAutostart() });
  ipcMain.handle(
    callChannel,
    receive(handlers, () => window.current?.webContents ?? null),
  );

  const hidden = process.argv.includes("--hidden") || memory.preferences.startHidden;
  if (!hidden) window.open();
  if (memory.preferences.connectAtStart && hub.selected) void dialling(client, hub).connect(hub.selected);
};
