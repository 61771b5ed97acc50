import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ElectronApplication } from "playwright-core";
import { at } from "../../build/lib/root.ts";
import type { ElectronModule, Host, LaunchOptions } from "./host.ts";

/** The downloaded Electron binary; null if there is none. */
export const electronBinary = (): string | null => {
  const package_ = at("node_modules/electron");
  const pathFile = join(package_, "path.txt");
  if (!existsSync(pathFile)) return null;
  const binary = join(package_, "dist", readFileSync(pathFile, "utf8").trim());
  return existsSync(binary) ? binary : null;
};

/** Downloads Electron's binary if possible; null otherwise, which is no failure. */
export const downloadElectron = (): string | null => {
  spawnSync(process.execPath, [at("node_modules/electron/install.js")], { stdio: "ignore", timeout: 120_000 });
  return electronBinary();
};

/** Starts the built app on real Electron. */
export const launchElectron = async (binary: string, { main, args = [], env = {} }: LaunchOptions): Promise<Host> => {
  const { _electron } = await import("playwright-core");
  const app: ElectronApplication = await _electron.launch({
    executablePath: binary,
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), at("dist/app", main), ...args],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  const errors: string[] = [];
  app.process().stderr?.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const gone = new Promise<void>((resolve) => app.process().once("exit", () => resolve()));
  return {
    kind: "electron",
    pid: app.process().pid ?? 0,
    errors,
    evaluate: (body, argument) =>
      app.evaluate(body as (electron: ElectronModule, argument: unknown) => never, argument),
    page: () => app.firstWindow(),
    close: async () => {
      app.process().kill("SIGTERM");
      await gone;
    },
    kill: async (signal) => {
      app.process().kill(signal);
      await gone;
    },
  };
};
