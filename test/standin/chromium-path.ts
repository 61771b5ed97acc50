import { existsSync } from "node:fs";

/** The installed Chromium that shows the windows. */
export const chromiumPath = process.env.SAG_CHROMIUM ?? "/usr/bin/chromium";

/**
 * A headless build that starts in half the time. The wrapper script is not used, because Chromium would outlive it.
 */
const shell = "/usr/lib/chromium/chromium-headless-shell";
export const unseenChromiumPath = process.env.SAG_CHROMIUM ?? (existsSync(shell) ? shell : chromiumPath);
