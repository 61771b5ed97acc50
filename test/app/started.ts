import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { goEnvironment } from "../../build/lib/go.ts";
import type { Workspace } from "../harness/workspace.ts";
import { browsersOf } from "./kills.ts";

/** Shares the caches outside of the checkout, although the test has its own home directory. */
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
  /** Time from the command to the window, without starting the display, ms. */
  ms: number;
  output: string;
  /** Height of the browser's tabs and address bar, px; should be about 0. Stand-in only. */
  bars: number;
}

/** Measured in the page, through the browser that main opened. */
const barsOf = async (pid: number): Promise<number> => {
  const profile = browsersOf(pid)
    .map((browser) => readFileSync(`/proc/${browser}/cmdline`, "utf8").match(/--user-data-dir=([^\0]*)/)?.[1])
    .find((folder) => folder !== undefined);
  const [port] = readFileSync(join(profile ?? "", "DevToolsActivePort"), "utf8").split("\n");
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const page = browser.contexts()[0]?.pages()[0];
  return page ? page.evaluate(() => outerHeight - innerHeight) : Number.POSITIVE_INFINITY;
};

/** Runs `npm start` in a checkout on a display until its window appears; then sends SIGTERM and waits for its end. */
export const startIn = async (checkout: string, workspace: Workspace): Promise<Started> => {
  const program = [join(checkout, "node_modules/.bin/node"), join(checkout, "build/start.ts"), "--json"];
  const child = spawn("xvfb-run", ["-a", ...program], {
    cwd: checkout,
    env: { ...workspace.home("person"), ...goCaches() },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => output.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const ready = await new Promise<{ host: string; pid: number; ms: number }>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => resolve(JSON.parse(line)));
      void ended.then(() => reject(new Error(output.join("\n"))));
    });
    const bars = ready.host === "standin" ? await barsOf(ready.pid) : 0;
    process.kill(ready.pid, "SIGTERM");
    await ended;
    return { host: ready.host, ms: ready.ms, output: output.join("\n"), bars };
  } finally {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  }
};
