import { rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { app } from "electron";
import { makeDirectories } from "../../common/directories.ts";
import { texts } from "../../common/text/shell.ts";

/** Starts the app when the user logs in. */
export interface Autostart {
  set(on: boolean, hidden: boolean): void;
}

/** Electron supports this on Windows and macOS; on Linux it takes a desktop entry (XDG autostart). */
export const makeAutostart = (platform: NodeJS.Platform = process.platform): Autostart =>
  platform === "linux" ? xdgAutostart(autostartFile(), process.env.APPIMAGE ?? process.execPath) : loginItem;

const loginItem: Autostart = {
  set: (on, hidden) => app.setLoginItemSettings({ openAtLogin: on, args: hidden ? ["--hidden"] : [] }),
};

const autostartFile = (): string =>
  join(process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "autostart", "sag.desktop");

/** @param program its absolute path. */
export const xdgAutostart = (file: string, program: string): Autostart => ({
  set: (on, hidden) => {
    if (!on) return rmSync(file, { force: true });
    makeDirectories(dirname(file), 0o755);
    writeFileSync(file, desktopEntry(program, hidden));
  },
});

const desktopEntry = (program: string, hidden: boolean): string => `[Desktop Entry]
Type=Application
Name=${texts.appName}
Comment=${texts.shell.autostart}
Exec=${quoted(program)}${hidden ? " --hidden" : ""}
Icon=sag
X-GNOME-Autostart-enabled=true
`;

/**
 * Quotes an argument as the Desktop Entry Specification requires: in double quotes, with ", `, $ and \ escaped, and %
 * doubled.
 */
const quoted = (path: string): string => `"${path.replace(/[\\"`$]/g, "\\$&").replaceAll("%", "%%")}"`;
