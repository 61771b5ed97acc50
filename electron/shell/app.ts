import { join } from "node:path";
import { app, ipcMain, nativeTheme, powerMonitor } from "electron";
import { callChannel, type PageName } from "../bridge.ts";
import type { Client } from "../core/client/client.ts";
import { version } from "../core/product/version.ts";
import { makeAutostart } from "./autostart.ts";
import { receive } from "./bridge-host.ts";
import { fileJournal } from "./browsers/journal.ts";
import { BrowserProxy } from "./browsers/proxy.ts";
import { systemProxy } from "./browsers/system.ts";
import { dialling, makeHandlers } from "./calls.ts";
import { goOnAfterFailures, type NoteFailure } from "./failures.ts";
import { Hub } from "./hub.ts";
import { linkIn, linkScheme } from "./links.ts";
import { setMenu } from "./menu.ts";
import { noticesOf, staysNotice } from "./notices.ts";
import { notifier } from "./notifications.ts";
import { Memory } from "./preferences.ts";
import { handleQuit } from "./quit.ts";
import { registerScheme, serveScheme } from "./scheme.ts";
import { AppTray } from "./tray.ts";
import { MainWindow } from "./window.ts";

export interface AppParts {
  client: () => Client;
  /** Directory of the built app: preload.cjs, renderer/, icons/. */
  folder: string;
  /** The user's directory for settings. */
  config: string;
  noteFailure: NoteFailure;
}

/** Connects core and the shell and starts them. A second instance passes its arguments to the first one and quits. */
export const startApp = async (parts: AppParts): Promise<void> => {
  registerScheme();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  await app.whenReady();
  serveScheme(join(parts.folder, "renderer"));
  const client = parts.client();

  const memory = new Memory(join(parts.config, "app.json"));
  const hub = new Hub({
    version,
    platform: process.platform,
    preferences: memory.preferences,
    browsers: { supported: false, intranetId: null, refused: false },
    selected: memory.selected,
    now: () => Date.now(),
  });
  const browsers = new BrowserProxy({
    system: systemProxy(),
    journal: fileJournal(join(parts.config, "browser-proxy.json")),
    pacOf: (intranetId) => hub.state(intranetId)?.pac ?? null,
    changed: (setting) => hub.setBrowsers(setting),
  });
  // First, because after a crash browsers may still be configured with a proxy that is gone.
  const browsersReady = browsers.start();

  const watching = client.watch((event) => hub.apply(event));
  const notify = notifier(() => window.open());
  const window = new MainWindow(parts.folder, {
    visible: (visible) => watching.setAttentive(visible),
    closedByPerson: () => {
      if (memory.toldClosing || !hub.states.some((state) => state.phase === "connected")) return;
      memory.remember({ toldClosing: true });
      notify(staysNotice());
    },
  });
  const act = dialling(client, hub);
  const handlers = makeHandlers({ client, hub, memory, browsers, autostart: makeAutostart() });
  ipcMain.handle(
    callChannel,
    receive(handlers, () => window.current?.webContents ?? null),
  );

  const show = (page: PageName): void => {
    hub.show(page, window.current === null);
    window.open();
  };
  const offer = (invitation: string): void => {
    hub.offer(invitation, window.current === null);
    window.open();
  };
  const tray = new AppTray(join(parts.folder, "icons"), {
    open: () => window.open(),
    connect: (intranetId) => void act.connect(intranetId),
    disconnect: (intranetId) => void act.disconnect(intranetId),
    select: (intranetId) => void handlers.select({ intranetId }),
    add: () => show("add"),
    quit: () => app.quit(),
  });
  tray.update(hub);
  setMenu({ settings: () => show("settings"), add: () => show("add"), quit: () => app.quit() });
  nativeTheme.themeSource = hub.preferences.theme;

  hub.subscribe((delta, before) => {
    window.send(delta);
    tray.update(hub);
    const { change } = delta;
    if (change.kind === "preferences") nativeTheme.themeSource = change.preferences.theme;
    if (change.kind === "intranet" || change.kind === "removed") void browsers.follow();
    if (change.kind === "intranet" && !window.inFront)
      noticesOf(before, change.intranet.state, change.intranet.label).forEach(notify);
  });

  app.setAsDefaultProtocolClient(linkScheme);
  app.on("open-url", (event, url) => {
    event.preventDefault();
    const link = linkIn([url]);
    if (link) offer(link);
  });
  app.on("second-instance", (_event, args) => {
    const link = linkIn(args);
    if (link) offer(link);
    else window.open();
  });
  app.on("activate", () => window.open());
  // The app stays in the tray without a window.
  app.on("window-all-closed", () => {});
  // Only hints to speed things up: the tunnel notices sleep and network changes itself, but later.
  for (const event of ["resume", "unlock-screen"] as const) {
    powerMonitor.on(event as "resume", () => void client.states({ probe: true }).catch(() => {}));
  }
  handleQuit({ client, hub, browsers, window: () => window.current, allowClose: () => window.allowClose() });

  // Only from here on: Electron shows earlier errors in a dialog, and without one the app would run without a window.
  goOnAfterFailures(parts.noteFailure);
  const link = linkIn(process.argv);
  if (link) offer(link);
  else if (!process.argv.includes("--hidden")) window.open();
  await Promise.all([browsersReady, hub.ready]);
  if (hub.preferences.connectAtStart && hub.selected) void act.connect(hub.selected);
};
