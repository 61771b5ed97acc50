import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { at } from "../../build/lib/root.ts";

/** The `electron` module inside the main process: the real one or the stand-in. */
// biome-ignore lint/suspicious/noExplicitAny: real Electron's and the stand-in's types agree only where the app uses them
export type ElectronModule = any;

/** The app under test, on either host. */
export interface Host {
  readonly kind: "electron" | "standin";
  readonly pid: number;
  /** Runs a function in the main process. It is sent as text, so it can only use its arguments. */
  evaluate<T, A = undefined>(body: (electron: ElectronModule, argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  /** The window's page; waits until there is one. */
  page(): Promise<Page>;
  /** The stderr output of main. */
  readonly errors: string[];
  close(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface LaunchOptions {
  /** In dist/app. */
  main: "main.mjs" | "fake-main.mjs";
  args?: string[];
  env?: Record<string, string>;
}

export interface StandinHost extends Host {
  /** Resolves when a window has been shown. */
  shown(): Promise<void>;
  /** The exit code of main. */
  readonly ended: Promise<number>;
}

/** Starts the built main process on Node.js, with the stand-in for `electron`. */
export const launchStandin = async ({ main, args = [], env = {} }: LaunchOptions): Promise<StandinHost> => {
  const child = spawn(
    at("node_modules/.bin/node"),
    ["--import", at("test/standin/register.ts"), at("dist/app", main), ...args],
    { stdio: ["ignore", "pipe", "pipe", "ipc"], env: { ...process.env, ...env } },
  );
  const errors: string[] = [];
  if (child.stderr) createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  child.stdout?.resume();
  const evaluate = evaluator(child, errors);
  let browser: Browser | undefined;
  let endpoint = "";
  const gone = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
  const endpointNow = (): Promise<string> =>
    evaluate(
      (electron) => electron.BrowserWindow.getAllWindows().find((w: ElectronModule) => w.shown)?.page.endpoint ?? "",
    );
  return {
    kind: "standin",
    pid: child.pid ?? 0,
    evaluate,
    errors,
    page: async () => {
      const current = await waitFor("the window", endpointNow);
      if (current !== endpoint || !browser?.isConnected()) {
        endpoint = current;
        // Loaded only for tests, because npm start does not need it.
        const { chromium } = await import("playwright-core");
        browser = await chromium.connectOverCDP(endpoint);
      }
      const page = browser.contexts()[0]?.pages()[0];
      if (!page) throw new Error("the window has no page");
      return page;
    },
    shown: async () => {
      await waitFor("the window", endpointNow, 60_000);
    },
    ended: gone,
    close: async () => {
      await browser?.close().catch(() => {});
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await gone;
    },
    kill: async (signal) => {
      child.kill(signal);
      await gone;
    },
  };
};

/** Time limit of waitFor, ms. */
const patience = 15_000;

/** Polls until the result is truthy; used instead of fixed sleeps. */
export const waitFor = async <T>(
  what: string,
  ask: () => T | Promise<T>,
  limit = patience,
): Promise<NonNullable<T>> => {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

const evaluator = (child: ChildProcess, errors: string[]): Host["evaluate"] => {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on("message", (message: { id: number; value?: unknown; failure?: string }) => {
    const promise = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.failure === undefined) promise?.resolve(message.value as never);
    else promise?.reject(new Error(message.failure));
  });
  child.on("exit", (code, signal) => {
    const error = new Error(`the app ended (${signal ?? code}): ${errors.slice(-60).join("\n")}`);
    for (const promise of waiting.values()) promise.reject(error);
    waiting.clear();
  });
  return (body, argument) =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error(`the app has ended: ${errors.slice(-60).join("\n")}`));
      last += 1;
      waiting.set(last, { resolve: resolve as (value: never) => void, reject });
      child.send({ id: last, source: body.toString(), argument });
    });
};
