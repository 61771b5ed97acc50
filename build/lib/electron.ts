import { existsSync, statSync, writeFileSync } from "node:fs";
import { chromiumPath } from "../../test/standin/chromium-path.ts";
import { downloadElectron, electronBinary } from "../../test/standin/electron-host.ts";
import { at } from "./root.ts";
import { say, Trouble } from "./say.ts";

/** How long to wait before Electron's download is tried again after a failure, ms. */
const retryAfter = 24 * 3_600_000;
const triedFile = at(".cache/electron-download-failed");

/** Path of Electron's binary, downloading it if needed; null if neither works. */
export const findElectron = (): string | null => {
  const installed = electronBinary();
  if (installed) return installed;
  // After a failed download, do not delay every start with another attempt.
  const tried = statSync(triedFile, { throwIfNoEntry: false });
  if (tried && Date.now() - tried.mtimeMs < retryAfter) return null;
  say("Electron is not installed yet, trying to download it");
  const binary = downloadElectron();
  if (!binary) writeFileSync(triedFile, "");
  return binary;
};

/** Environment variables of the app's stand-in; with a display its window is visible. Throws if there is no Chromium. */
export const standinEnvironment = (): Record<string, string> => {
  if (!existsSync(chromiumPath)) {
    throw new Trouble(
      "Electron cannot be downloaded here, and there is no Chromium to show the app in instead: install one, or name it in SAG_CHROMIUM",
    );
  }
  say("Electron cannot be downloaded here: opening the app on its stand-in, in Chromium");
  const shows = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  if (!shows) say("there is no display: the window is there, but nobody can see it");
  return shows ? { SAG_STANDIN_SHOW: "1" } : {};
};
