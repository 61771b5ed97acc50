import { accessSync, constants } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { writeAtomic } from "../host/files.ts";
import { lacksDisplay, launch, profileParent } from "./browser-launch.ts";

/** In the order they are looked for. */
const browsers = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "brave-browser",
  "microsoft-edge",
  "firefox",
  "firefox-esr",
];

export interface BrowserOptions {
  intranetId: string;
  /** Where the proxy settings are; null = everything is inside already (system mode). */
  pac: string | null;
  /** An http or https URL. */
  url: string;
  /** A program's name or path; without it the first one that is there. */
  browser?: string | undefined;
  /** ms in which a browser that ends with a failure has not opened anything: one without a display, say. 0 = not waited for. */
  watchMs?: number;
  /** Also one that ends well within that time has not, unless one with the profile runs. */
  mustRun?: boolean;
}

/** Opens a page in a browser with a profile of its own for this intranet: the person's own one stays as it is. */
export async function openInBrowser(
  environment: Environment,
  { intranetId, pac, url, browser, watchMs = 0, mustRun = false }: BrowserOptions,
): Promise<{ browser: string; profile: string; pid: number | null }> {
  const program = findBrowser(browser);
  const parent = profileParent(program, environment.stateDir);
  const isFirefox = /firefox/i.test(program);
  const profile = join(parent, `${intranetId}${isFirefox ? "-firefox" : ""}`);
  for (const dir of [dirname(parent), parent, profile]) makePrivateDir(dir, environment.uid);
  if (isFirefox) await writeAtomic(join(profile, "user.js"), firefoxSettings(pac));
  const args = isFirefox ? ["--no-remote", "--profile", profile, url] : chromiumArguments(profile, pac, url);
  return { browser: program, profile, pid: await launch(program, args, { profile, watchMs, mustRun }) };
}

/** Before a profile is made: whether there is a browser to open a page in. */
export const requireBrowser = (given?: string): string => findBrowser(given);

/** Refuses where no browser can show a window. */
export function requireDisplay(given?: string): void {
  // A program that was named may bring a display of its own, as xvfb-run does.
  if (given !== undefined || !lacksDisplay()) return;
  throw new Failure("unknown", {
    text: texts.core.browser.noDisplay,
  });
}

/** Names of programs are looked for on PATH, as a shell does. */
function findBrowser(given: string | undefined): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  for (const name of given === undefined ? browsers : [given]) {
    const found = (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))).find(isRunnable);
    if (found !== undefined) return found;
  }
  throw new Failure("not_found", {
    text: given === undefined ? texts.core.browser.none : texts.core.browser.notFound(given),
  });
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without a PAC (system mode) everything is inside already. */
const chromiumArguments = (profile: string, pac: string | null, url: string): string[] => [
  `--user-data-dir=${profile}`,
  "--no-first-run",
  "--no-default-browser-check",
  ...(pac ? [`--proxy-pac-url=${pac}`] : []),
  url,
];

const firefoxSettings = (pac: string | null): string => {
  const settings = {
    "network.proxy.type": pac ? 2 : 0,
    "network.proxy.autoconfig_url": pac ?? "",
    "network.proxy.socks_remote_dns": true,
    "browser.shell.checkDefaultBrowser": false,
  };
  return Object.entries(settings)
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join("");
};
