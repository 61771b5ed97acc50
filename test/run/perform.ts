import { duration, say, Trouble } from "../../build/lib/say.ts";
import type { Outcome } from "./outcome.ts";
import type { Stage } from "./stages.ts";

/** Runs a stage and prints its result. */
export const perform = async (stage: Stage): Promise<Outcome> => {
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

/** The stages of these names, or all; undefined after printing an error about an unknown name. */
export const choose = (stages: Stage[], names: string[]): Stage[] | undefined => {
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length === 0) return stages.filter((stage) => names.length === 0 || names.includes(stage.name));
  say(`no such stage: ${unknown.join(", ")}. There are: ${stages.map((stage) => stage.name).join(", ")}`);
  process.exitCode = 2;
  return undefined;
};
