import { duration, say, Trouble } from "../build/lib/say.ts";
import { isFailureInCi, type Outcome, sum } from "./run/outcome.ts";
import { type Stage, stages } from "./run/stages.ts";

/** `npm test [-- STAGE…]`: every stage runs, whatever became of the ones before; the last line counts. */
const main = async (): Promise<void> => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    say(`no such stage: ${unknown.join(", ")}. There are: ${stages.map((stage) => stage.name).join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const outcomes: Outcome[] = [];
  for (const stage of stages) {
    if (wanted.length === 0 || wanted.includes(stage.name)) outcomes.push(await perform(stage));
  }
  const total = sum(outcomes);
  for (const test of total.notRun) say(`not run: ${test.name} needs ${test.needs}`);
  const missing = process.env.CI === "true" ? total.notRun.filter(isFailureInCi).length : 0;
  if (missing > 0) say(`${missing} of these could have been installed, which counts as failed in CI`);
  const failures = total.failed + missing;
  process.exitCode = failures > 0 ? 1 : 0;
  process.stdout.write(`${total.passed} passed, ${failures} failed\n`);
};

const perform = async (stage: Stage): Promise<Outcome> => {
  say(`… ${stage.name}`);
  const start = performance.now();
  const outcome = await stage.run().catch((error: unknown): Outcome => {
    const trouble = error instanceof Trouble ? error.message : String((error as Error).stack);
    return { passed: 0, failed: 1, notRun: [], trouble };
  });
  if (outcome.trouble) say(outcome.trouble);
  const mark = outcome.failed > 0 ? "✗" : "✓";
  const counts = `${outcome.passed} passed${outcome.failed > 0 ? `, ${outcome.failed} failed` : ""}`;
  say(`${mark} ${stage.name}: ${counts}, ${duration(performance.now() - start)}`);
  return outcome;
};

await main();
