import { existsSync, statSync, writeFileSync } from "node:fs";
import { chromiumPath } from "../../test/standin/chromium-path.ts";
import { downloadElectron, electronBinary } from "../../test/standin/electron-host.ts";
import { at } from "./root.ts";
import { say, Trouble } from "./say.ts";

/** ms until Electron's download is tried again on a machine where it did not work. */
const retryAfter = 24 * 3_600_000;
const triedFile = at(".cache/electron-download-failed");

/** Electron's binary: the installed one, else one that is downloaded now; null where neither is possible. */
export const findElectron = (): string | null => {
  const installed = electronBinary();
  if (installed) return installed;
  // A machine that cannot reach the download is not made to wait for it at every start.
  const tried = statSync(triedFile, { throwIfNoEntry: false });
  if (tried && Date.now() - tried.mtimeMs < retryAfter) return null;
  say("Electron is not installed yet, trying to download it");
  const binary = downloadElectron();
  if (!binary) writeFileSync(triedFile, "");
  return binary;
};

/** The variables that the app's stand-in needs: with a display its window is visible. Fails where there is no Chromium. */
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
