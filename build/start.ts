import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { systemEnvironment } from "../electron/core/environment.ts";
import { chromiumPath } from "../test/standin/chromium-path.ts";
import { downloadElectron, electronBinary } from "../test/standin/electron-host.ts";
import { launchStandin } from "../test/standin/host.ts";
import { buildApp } from "./app.ts";
import { at } from "./lib/root.ts";
import { duration, main, say, Trouble } from "./lib/say.ts";
import { buildNative } from "./native.ts";

/**
 * `npm start [-- [LINK] [--trial] [--json]]`: the desktop app from a checkout, on real Electron where that is installed or can
 * be downloaded, else on its stand-in in an installed Chromium. With --trial there is a company on this machine to sign in to.
 */

/** ms until Electron's download is tried again on a machine where it did not work. */
const retryAfter = 24 * 3_600_000;
const triedFile = at(".cache/electron-not-to-be-had");

interface Company {
  link: string;
  user: string;
  password: string;
  portalUrl: string;
  end(): void;
}

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

  const binary = electronBinary() ?? tryDownload();
  const app = binary ? startElectron(binary, args) : await startStandin(args);
  process.once("exit", () => company?.end());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => app.end());
  await app.shown;
  // Since this process began.
  const ms = Math.round(performance.now());
  if (values.json) process.stdout.write(`${JSON.stringify({ ready: true, host: app.host, pid: app.pid, ms })}\n`);
  else say(`the window is open after ${duration(ms)}`);
  process.exitCode = await app.ended;
  company?.end();
};

/** Nobody is signed in anywhere and no link was given: there is nothing to connect to but a trial. */
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

/** The trial, kept running; its own person leaves the link to us. */
const startTrial = async (): Promise<Company> => {
  await (await import("./build.ts")).buildBundles();
  const trial = spawn(process.execPath, [at("test/trial/main.ts"), "--keep", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Company>();
  createInterface({ input: trial.stdout }).on("line", (line) => {
    if (!line.startsWith('{"ok"')) return say(line);
    resolve({ ...(JSON.parse(line) as Omit<Company, "end">), end: () => void trial.kill("SIGTERM") });
  });
  trial.once("exit", () => reject(new Trouble("the trial ended before there was anything to sign in to")));
  return promise;
};

/** A machine without a way to the download is not made to wait for it at every start. */
const tryDownload = (): string | null => {
  const tried = statSync(triedFile, { throwIfNoEntry: false });
  if (tried && Date.now() - tried.mtimeMs < retryAfter) return null;
  say("Electron is not here yet, trying to download it");
  const binary = downloadElectron();
  if (!binary) writeFileSync(triedFile, "");
  return binary;
};

interface Started {
  host: "electron" | "standin";
  pid: number;
  shown: Promise<void>;
  /** Its exit code. */
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
  if (!existsSync(chromiumPath)) {
    throw new Trouble(
      "Electron cannot be downloaded here, and there is no Chromium to show the app in instead: install one, or name it in SAG_CHROMIUM",
    );
  }
  say("Electron is not to be had here: opening the app on its stand-in, in Chromium");
  const shows = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  if (!shows) say("there is no display: the window is there, but nobody can see it");
  const host = await launchStandin({ main: "main.mjs", args, env: shows ? { SAG_STANDIN_SHOW: "1" } : {} });
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
