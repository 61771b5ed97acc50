import { createFreshMachine } from "../harness/fresh-machine.ts";

/** Combinations of npm and Node.js in distributions and Node.js releases, oldest first. */
const machines: [npm: string, node: string][] = [
  // Debian 12 and Ubuntu 24.04 with their own packages, then Debian 13.
  ["9.2.0", "18.20.8"],
  ["9.2.0", "20.20.2"],
  ["10.8.2", "20.20.2"],
  ["11.3.0", "22.23.5"],
  ["11.6.2", "24.22.3"],
  ["11.12.1", "24.22.3"],
];

/** Time limit of each of the two commands, ms: the first trial downloads Go and builds everything. */
const limit = 20 * 60_000;

/**
 * Runs `npm ci && npm run trial` as an ordinary user with each npm, without compiler and Go, with empty caches.
 * Throws if one fails.
 */
export const install = async (): Promise<void> => {
  const failures: string[] = [];
  for (const [npm, node] of machines) {
    const machine = await createFreshMachine(npm, node);
    try {
      for (const args of [
        ["npm", "ci"],
        ["npm", "run", "trial"],
      ]) {
        const done = await machine.run(args, { limit });
        console.log(`npm ${npm}, Node ${node}: ${args.join(" ")}: ${done.code}, ${Math.round(done.took / 1000)} s`);
        if (done.code === 0) continue;
        failures.push(`npm ${npm}, Node ${node}: ${args.join(" ")} ended with ${done.code}`);
        console.log(`${done.stdout}\n${done.stderr}`.slice(-4000));
        break;
      }
    } finally {
      machine.remove();
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
};
