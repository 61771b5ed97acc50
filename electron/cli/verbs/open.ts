import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { Failure } from "../../core/causes/failure.ts";
import { makePrivateDir, systemEnvironment } from "../../core/environment.ts";
import { writeAtomic } from "../../core/files.ts";
import { connectedIntranet } from "../connected.ts";
import type { Verb } from "../verb.ts";

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

/** Opens an address in a browser with a profile of its own for this intranet: the person's own one stays as it is. */
export const open: Verb<[string], { intranet?: string; browser?: string }> = async (context, flags, address) => {
  const { output } = context;
  const url = readUrl(address);
  const program = findBrowser(flags.browser);
  const { intranet, intranetId, pac } = await connectedIntranet(context, flags.intranet);
  const environment = systemEnvironment();
  const parent = join(environment.stateDir, "browser");
  const isFirefox = /firefox/i.test(program);
  const profile = join(parent, `${intranetId}${isFirefox ? "-firefox" : ""}`);
  for (const dir of [environment.stateDir, parent, profile]) makePrivateDir(dir, environment.uid);
  if (isFirefox) await writeAtomic(join(profile, "user.js"), firefoxSettings(pac));
  const args = isFirefox ? ["--no-remote", "--profile", profile, url] : chromiumArguments(profile, pac, url);
  const child = spawn(program, args, { detached: true, stdio: "ignore", cwd: "/" });
  await once(child, "spawn").catch(() => {
    throw new Failure("not_permitted", { subject: program });
  });
  child.unref();
  output.print(`${url} is open in ${program}, inside ${intranet}.`);
  output.printJson({ intranet, url, browser: program, profile, pid: child.pid ?? null });
  return 0;
};

function readUrl(text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url.href;
  throw new Failure("invalid_argument", { text: `${text} is not the address of a web page.` });
}

/** Names of programs are looked for on PATH, as a shell does. */
function findBrowser(given: string | undefined): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  for (const name of given === undefined ? browsers : [given]) {
    const found = (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))).find(isRunnable);
    if (found !== undefined) return found;
  }
  throw new Failure("not_found", {
    text:
      given === undefined ? "There is no browser that can have a profile of its own." : `There is no browser ${given}.`,
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
