import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { systemEnvironment } from "../electron/core/host/environment.ts";
import { launchStandin } from "../test/standin/host.ts";
import { buildApp } from "./app.ts";
import { startTrial } from "./lib/company.ts";
import { findElectron, standinEnvironment } from "./lib/electron.ts";
import { at } from "./lib/root.ts";
import { duration, main, say } from "./lib/say.ts";
import { buildNative } from "./native.ts";

/**
 * `npm start [-- [LINK] [--trial] [--json]]`: runs the desktop app from a checkout, on Electron if it is installed or can be
 * downloaded, otherwise on the stand-in in Chromium. --trial also starts a trial company on this host.
 */
const start = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      trial: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      hidden: { type: "boolean", default: false },
    },
  });
  await Promise.all([buildApp(), buildNative()]);
  const company = values.trial || (positionals.length === 0 && (await wantsTrial())) ? await startTrial() : null;
  const link = positionals[0] ?? company?.link;
  const args = [...(link ? [link] : []), ...(values.hidden ? ["--hidden"] : [])];
  if (company)
    say(`\nSign in as ${company.user} with the password ${company.password}\nInside there is ${company.portalUrl}\n`);

  const binary = findElectron();
  const app = binary ? startElectron(binary, args) : await startStandin(args);
  process.once("exit", () => company?.end());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => app.end());
  await app.shown;
  // Time since this process started.
  const ms = Math.round(performance.now());
  if (values.json) process.stdout.write(`${JSON.stringify({ ready: true, host: app.host, pid: app.pid, ms })}\n`);
  else say(`the window is open after ${duration(ms)}`);
  process.exitCode = await app.ended;
  company?.end();
};

/** Whether to offer a trial: no link was given and the app has not been set up. */
const wantsTrial = async (): Promise<boolean> => {
  if (existsSync(`${systemEnvironment().configDir}/settings.json`)) return false;
  if (!process.stdin.isTTY) {
    say("no link was given: `npm start -- --trial` starts a company on this machine to sign in to");
    return false;
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((resolve) =>
    lines.question("No link was given. Start a trial company on this machine to sign in to? [Y/n] ", resolve),
  );
  lines.close();
  return !/^n/i.test(answer.trim());
};

interface Started {
  host: "electron" | "standin";
  pid: number;
  shown: Promise<void>;
  /** Exit code. */
  ended: Promise<number>;
  end(): void;
}

const startElectron = (binary: string, args: string[]): Started => {
  say("opening the app on Electron");
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(binary, [...sandbox, at("dist/app/main.mjs"), ...args], { stdio: "inherit" });
  return {
    host: "electron",
    pid: child.pid ?? 0,
    shown: new Promise((resolve) => child.once("spawn", resolve)),
    ended: exitOf(child),
    end: () => void child.kill("SIGTERM"),
  };
};

const startStandin = async (args: string[]): Promise<Started> => {
  const host = await launchStandin({ main: "main.mjs", args, env: standinEnvironment() });
  return {
    host: "standin",
    pid: host.pid,
    shown: host.shown(),
    ended: host.ended,
    end: () => void host.close(),
  };
};

const exitOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code ?? 1)));

await main(start);
