import { accessSync, constants } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { texts } from "../../../common/text/index.ts";
import { Failure } from "../causes/failure.ts";
import { type Environment, makePrivateDir } from "../host/environment.ts";
import { writeAtomic } from "../host/files.ts";
import { lacksDisplay, launch, profileParent } from "./browser-launch.ts";

/** Searched for in this order. */
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
  /** URL of the PAC file; null = no proxy needed (system mode). */
  pac: string | null;
  /** An http or https URL. */
  url: string;
  /** A program's name or path; without it the first browser found. */
  browser?: string | undefined;
  /** How long to watch for a browser that fails at once, for example without a display, ms. 0 = not at all. */
  watchMs?: number;
  /**
   * Whether a browser that exits successfully within that time counts as failed, unless another one with the profile
   * is running.
   */
  mustRun?: boolean;
}

/** Opens a page in a browser with a separate profile for this intranet; the user's own profile is not changed. */
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

/** Fails if no browser is installed; called before a profile is created. */
export const requireBrowser = (given?: string): string => findBrowser(given);

/** Fails if there is no display for a browser window, as over SSH. */
export function requireDisplay(given?: string): void {
  // A named program may provide a display itself, as xvfb-run does.
  if (given !== undefined || !lacksDisplay()) return;
  throw new Failure("not_found", { text: texts.core.browser.noDisplay, field: "display" });
}

/** Finds the first installed browser, or the named program, on PATH. */
function findBrowser(given: string | undefined): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  for (const name of given === undefined ? browsers : [given]) {
    const found = (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))).find(isRunnable);
    if (found !== undefined) return found;
  }
  if (given === undefined) throw new Failure("not_found", { text: texts.core.browser.none, field: "browser" });
  throw new Failure("not_found", { text: texts.core.browser.notFound(given) });
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without a PAC file (system mode) no proxy is set. */
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
