/** The installed Chromium that windows are shown in. */
export const chromiumPath = process.env.SAG_CHROMIUM ?? "/usr/bin/chromium";
