import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";
import { median } from "./net/measure.ts";
import type { Person } from "./person.ts";

/** Medians of whole processes, ms, and of a Node.js process that does nothing, for comparison. */
export interface StartTimes {
  nodeMs: number;
  versionMs: number;
  statusMs: number;
}

/** Measured alternately, so that the load of the host affects all three alike. */
export const measureStarts = async ({ env }: Person, rounds: number): Promise<StartTimes> => {
  const commands = {
    nodeMs: [at("node_modules/node/bin/node"), "-e", "0"],
    versionMs: [at("bin/sag"), "version"],
    statusMs: [at("bin/sag"), "status"],
  };
  const times: Record<keyof StartTimes, number[]> = { nodeMs: [], versionMs: [], statusMs: [] };
  const names = Object.keys(commands) as (keyof StartTimes)[];
  // One uncounted round to warm up the compile cache and the disk cache.
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      await must(commands[name], { env });
      if (round > 0) times[name].push(performance.now() - start);
    }
  }
  return { nodeMs: median(times.nodeMs), versionMs: median(times.versionMs), statusMs: median(times.statusMs) };
};
