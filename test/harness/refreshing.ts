import { readFileSync } from "node:fs";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";
import type { Person } from "./person.ts";
import type { Site } from "./site.ts";

/** A shared clock that runs so fast that every access token expires at once. */
const fastClock = (start = Date.now()): string =>
  `data:text/javascript,${encodeURIComponent(
    `const { now } = Date; Date.now = () => ${start} + (now() - ${start}) * 1_000_000 + 3_600_000;`,
  )}`;

/** A running core, as in the app, which repeatedly makes several concurrent calls that need a token. */
const core = (times: number): string => `
  import { createClient } from ${JSON.stringify(at("electron/core/client/client.ts"))};
  const account = await createClient().account();
  let left = ${times};
  const work = async () => { while (left-- > 0) await account.devices(); };
  await Promise.all([work(), work()]);
  process.exit();
`;

/**
 * Runs `sag` `calls` times in each of two shells, and a core with `times` calls at the same time, each with an
 * expired access token. Throws if any of them fails; returns how many tokens the cloud issued, and how many refusals.
 */
export const refreshAtOnce = async (
  site: Site,
  person: Person,
  { calls, times }: { calls: number; times: number },
): Promise<{ given: number; refused: number }> => {
  const before = refreshes(site);
  const env = { ...person.env, NODE_OPTIONS: `--import=${fastClock()}` };
  const limit = 10_000 + 3_000 * (calls + times);
  const shell = async (): Promise<void> => {
    for (let i = 0; i < calls; i++) await must([at("bin/sag"), "devices", "--json"], { env });
  };
  const node = [at("node_modules/.bin/node"), "--input-type=module", "--eval", core(times)];
  await Promise.all([shell(), shell(), must(node, { env, limit })]);
  const after = refreshes(site);
  return { given: after.given - before.given, refused: after.refused - before.refused };
};

const refreshes = (site: Site): { given: number; refused: number } => {
  const lines = readFileSync(site.cloud.logFile, "utf8")
    .split("\n")
    .filter((line) => line.includes("ClientService/Refresh"));
  const given = lines.filter((line) => line.includes('"cause":""')).length;
  return { given, refused: lines.length - given };
};
