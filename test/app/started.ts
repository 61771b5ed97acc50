import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { goEnvironment } from "../../build/lib/go.ts";
import type { Workspace } from "../harness/workspace.ts";
import { browsersOf } from "./kills.ts";

/** What is kept outside of a checkout stays where it is, though the person has a home of their own. */
const goCaches = (): Record<string, string> => {
  const env = goEnvironment();
  const ask = (name: string): string => execFileSync("go", ["env", name], { env, encoding: "utf8" }).trim();
  try {
    return { GOCACHE: ask("GOCACHE"), GOMODCACHE: ask("GOMODCACHE") };
  } catch {
    return {};
  }
};

export interface Started {
  host: string;
  /** From the command to the window, without the display's own start. */
  ms: number;
  said: string;
  /** px of the window's height that the app does not have: a browser's tabs and address line. Stand-in only. */
  bars: number;
}

/** Measured in the page, by way of the browser that a main process opened. */
const barsOf = async (pid: number): Promise<number> => {
  const profile = browsersOf(pid)
    .map((browser) => readFileSync(`/proc/${browser}/cmdline`, "utf8").match(/--user-data-dir=([^\0]*)/)?.[1])
    .find((folder) => folder !== undefined);
  const [port] = readFileSync(join(profile ?? "", "DevToolsActivePort"), "utf8").split("\n");
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const page = browser.contexts()[0]?.pages()[0];
  return page ? page.evaluate(() => outerHeight - innerHeight) : Number.POSITIVE_INFINITY;
};

/** `npm start` in a checkout, on a display, until its window is there; then it is asked to end, and has to. */
export const startIn = async (checkout: string, workspace: Workspace): Promise<Started> => {
  const program = [join(checkout, "node_modules/.bin/node"), join(checkout, "build/start.ts"), "--json"];
  const child = spawn("xvfb-run", ["-a", ...program], {
    cwd: checkout,
    env: { ...workspace.home("person"), ...goCaches() },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const ready = await new Promise<{ host: string; pid: number; ms: number }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => resolve(JSON.parse(line)));
      void ended.then(() => reject(new Error(said.join("\n"))));
    });
    const bars = ready.host === "standin" ? await barsOf(ready.pid) : 0;
    process.kill(ready.pid, "SIGTERM");
    await ended;
    return { host: ready.host, ms: ready.ms, said: said.join("\n"), bars };
  } finally {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  }
};
