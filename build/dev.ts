import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { launchElectron } from "../test/standin/electron-host.ts";
import { type Host, type LaunchOptions, launchStandin } from "../test/standin/host.ts";
import { buildApp, stampFile } from "./app.ts";
import { buildBundles } from "./build.ts";
import { startTrial } from "./lib/company.ts";
import { AppBuild } from "./lib/dev-build.ts";
import { affected, type Part, watchSources } from "./lib/dev-watch.ts";
import { findElectron, standinEnvironment } from "./lib/electron.ts";
import { duration, main, say } from "./lib/say.ts";
import { buildNative } from "./native.ts";

/**
 * `npm run dev [-- --json] [--no-trial]`: runs the desktop app with a trial company to sign in to, and applies source changes within
 * two seconds: pages are reloaded, and a change of the main process restarts the app. `--json` prints {"ready"} when the window is open
 * and {"reloaded","ms"} for each change.
 */
const dev = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { json: { type: "boolean", default: false }, "no-trial": { type: "boolean", default: false } },
  });
  const report = (line: object, text: string): void =>
    values.json ? void process.stdout.write(`${JSON.stringify(line)}\n`) : say(text);

  await Promise.all([buildApp(), buildBundles(), buildNative()]);
  // Later builds here do not write the stamp, so make the next `npm start` build again.
  rmSync(stampFile, { force: true });
  const build = await AppBuild.start();
  const company = values["no-trial"] ? null : await startTrial();
  if (company) say(`\nSign in as ${company.user} with the password ${company.password}\n`);
  const binary = findElectron();
  const options: LaunchOptions = {
    main: "main.mjs",
    args: company ? [company.link] : [],
    env: binary ? {} : standinEnvironment(),
  };
  const launch = (): Promise<Host> => (binary ? launchElectron(binary, options) : launchStandin(options));

  let host: Host;

  /** Rebuilds and reloads a part whose sources have changed. */
  const follow: Record<Part, () => Promise<string>> = {
    pages: async () => {
      await build.pages();
      await (await host.page()).reload();
      return "pages";
    },
    main: async () => {
      await build.main();
      await host.close();
      host = await launch();
      await host.page();
      return "app";
    },
    programs: async () => {
      await buildBundles();
      return "programs";
    },
    native: async () => {
      await buildNative();
      return "native";
    },
  };

  const stop = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.resolve());
  const opened = Promise.withResolvers<void>();
  // Started before the window is opened: registering all folders takes a while, and changes before that are not seen.
  const watcher = watchSources(async (paths, since) => {
    await opened.promise;
    for (const part of affected(paths)) {
      try {
        const reloaded = await follow[part]();
        const ms = Math.round(performance.now() - since);
        report({ reloaded, ms }, `${reloaded}: new after ${duration(ms)}`);
      } catch (error) {
        // Keep running if a source does not compile yet.
        say((error as Error).message);
      }
    }
  });
  host = await launch().catch(async (error: unknown) => {
    await watcher.close();
    await build.end();
    throw error;
  });
  await host.page();
  opened.resolve();
  report({ ready: true, host: host.kind, pid: host.pid }, "the window is open; change a source and look at it");
  await stop.promise;
  await watcher.close();
  await host.close();
  await build.end();
  company?.end();
};

await main(dev);
