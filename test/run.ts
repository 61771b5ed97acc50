import { say } from "../build/lib/say.ts";
import { isFailureInCi, type Outcome, sum } from "./run/outcome.ts";
import { choose, perform } from "./run/perform.ts";
import { stages } from "./run/stages.ts";

/** `npm test [-- STAGE…]`: every stage runs, whatever became of the ones before; the last line counts. */
const main = async (): Promise<void> => {
  const chosen = choose(stages, process.argv.slice(2));
  if (!chosen) return;
  const outcomes: Outcome[] = [];
  for (const stage of chosen) outcomes.push(await perform(stage));
  const total = sum(outcomes);
  for (const test of total.notRun) say(`not run: ${test.name} needs ${test.needs}`);
  const missing = process.env.CI === "true" ? total.notRun.filter(isFailureInCi).length : 0;
  if (missing > 0) say(`${missing} of these could have been installed, which counts as failed in CI`);
  const failures = total.failed + missing;
  process.exitCode = failures > 0 ? 1 : 0;
  process.stdout.write(`${total.passed} passed, ${failures} failed\n`);
};

await main();
