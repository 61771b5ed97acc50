import { main as run, say } from "../build/lib/say.ts";
import { changed } from "./run/changed.ts";
import { isFailureInCi, isUnknown, type Outcome, sum } from "./run/outcome.ts";
import { choose, perform } from "./run/perform.ts";
import { stages } from "./run/stages.ts";

/**
 * `npm test [-- STAGE…]`: runs every stage, even after a failure; the last line has the totals.
 * `npm test -- --changed [BASE]`: runs what a change can break, within a minute.
 */
const main = async (): Promise<void> => {
  const outcomes = await chosenOutcomes(process.argv.slice(2));
  if (!outcomes) return;
  const total = sum(outcomes);
  for (const test of total.notRun) say(`not run: ${test.name} needs ${test.needs}`);
  const missing = process.env.CI === "true" ? total.notRun.filter(isFailureInCi).length : 0;
  if (missing > 0) say(`${missing} of these could have been installed, which counts as failed in CI`);
  const failures = total.failed + missing;
  const unknown = isUnknown(total);
  if (unknown) say("nothing was checked: free the machine, or run npm test without --changed");
  process.exitCode = failures > 0 || unknown ? 1 : 0;
  process.stdout.write(`${total.passed} passed, ${failures} failed\n`);
};

const chosenOutcomes = async (args: string[]): Promise<Outcome[] | undefined> => {
  if (args[0] === "--changed") return changed(args[1]);
  const chosen = choose(stages, args);
  if (!chosen) return undefined;
  const outcomes: Outcome[] = [];
  for (const stage of chosen) outcomes.push(await perform(stage));
  return outcomes;
};

await run(main);
