import { readFileSync } from "node:fs";
import { at } from "../../build/lib/root.ts";
import { must } from "./command.ts";
import type { Person } from "./person.ts";
import type { Site } from "./site.ts";

/** For processes: a clock that they share, and that runs so fast that no access token is good for longer than a moment. */
const fastClock = (start = Date.now()): string =>
  `data:text/javascript,${encodeURIComponent(
    `const { now } = Date; Date.now = () => ${start} + (now() - ${start}) * 1_000_000 + 3_600_000;`,
  )}`;

/** A core that runs, as in the app: it wants something that needs a token, again and again and several times at once. */
const core = (times: number): string => `
  import { createClient } from ${JSON.stringify(at("electron/core/client/client.ts"))};
  const account = await createClient().account();
  let left = ${times};
  const work = async () => { while (left-- > 0) await account.devices(); };
  await Promise.all([work(), work()]);
  process.exit();
`;

/**
 * Two shells in which `sag` is called `calls` times each, and a core that runs and asks `times` times: all of them want a new
 * access token every time. Throws if any of them fails; gives how many tokens the cloud gave out, and how many refusals.
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
