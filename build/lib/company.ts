import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { buildBundles } from "../build.ts";
import { at } from "./root.ts";
import { say, Trouble } from "./say.ts";

/** A trial company on this host: cloud instance, access points and an intranet. */
export interface Company {
  link: string;
  user: string;
  password: string;
  portalUrl: string;
  /** Stops the trial and removes its data. */
  end(): void;
}

/** Starts the trial and keeps it running until `end`. */
export const startTrial = async (): Promise<Company> => {
  await buildBundles();
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
