import { existsSync } from "node:fs";

/** The installed Chromium that windows are shown in. */
export const chromiumPath = process.env.SAG_CHROMIUM ?? "/usr/bin/chromium";

/** The same without anything that only a screen needs, in half the time. Not by the command's script, which would outlive it. */
const shell = "/usr/lib/chromium/chromium-headless-shell";
export const unseenChromiumPath = process.env.SAG_CHROMIUM ?? (existsSync(shell) ? shell : chromiumPath);
