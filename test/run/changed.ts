import { findGo, goEnvironment } from "../../build/lib/go.ts";
import { at } from "../../build/lib/root.ts";
import { duration, say } from "../../build/lib/say.ts";
import { allFiles, baseOf, changedFiles } from "./changed-files.ts";
import { goPackages } from "./changed-go.ts";
import { type Finished, finishedFiles } from "./changed-results.ts";
import { unitTests } from "./changed-unit.ts";
import { capture, command, tail } from "./command.ts";
import { goResults } from "./go-results.ts";
import { failed, notRun, type Outcome } from "./outcome.ts";

/** Time limit for everything, ms. Checks that take longer are cut off and listed. */
const budget = 60_000;

/** Number of test files per run of Vitest. */
const atOnce = 24;

const node = at("node_modules/.bin/node");

/**
 * The reason given for checks that did not fit into a minute; `npm test` prints it with the other reasons for skipped
 * tests.
 */
const aMinute = "more than a minute: npm test";

/**
 * `npm test -- --changed [BASE]`: runs what the change since BASE can break, for at most a minute: the nearest tests
 * first, Go and TypeScript in parallel, then types, format, imports and generated code. A check that was cut off
 * counts as not run. Lint, dead code and end-to-end tests are left to `npm test`.
 */
export const changed = async (base: string | undefined, limit = budget): Promise<Outcome[]> => {
  const start = performance.now();
  const from = baseOf(base);
  const files = changedFiles(from);
  say(`${files.length} changed ${files.length === 1 ? "file" : "files"} since ${from.slice(0, 9)}`);
  const deadline = AbortSignal.timeout(Math.round(limit));
  const [nearest = [], ...further] = inChunks(await unitTests(files, allFiles()));
  const outcomes = await Promise.all([
    inOrder(deadline, [unit(nearest), ...quickChecks(files), ...further.map(unit)]),
    goPackages(files).then((groups) => inOrder(deadline, groups.map(go))),
  ]);
  say(`took ${duration(performance.now() - start)}; \`npm test\` runs all, lint and end-to-end tests too`);
  return outcomes.flat();
};

/** A check that stops at the deadline. */
type Check = (deadline: AbortSignal) => Promise<Outcome>;

const inOrder = async (deadline: AbortSignal, checks: Check[]): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const check of checks) outcomes.push(await check(deadline));
  return outcomes;
};

const inChunks = (groups: string[][]): string[][] =>
  groups.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / atOnce) }, (_, i) => group.slice(i * atOnce, (i + 1) * atOnce)),
  );

/** Prints the result of a check, or of the part that finished in time. */
const report = (name: string, outcome: Outcome, start: number): Outcome => {
  if (outcome.trouble) say(outcome.trouble);
  const mark = outcome.failed > 0 ? "✗" : outcome.notRun.length > 0 ? "–" : "✓";
  const counts = [
    `${outcome.passed} passed`,
    ...(outcome.failed > 0 ? [`${outcome.failed} failed`] : []),
    ...(outcome.notRun.length > 0 ? [`${outcome.notRun.length} not run`] : []),
  ];
  say(`${mark} ${name}: ${counts.join(", ")}, ${duration(performance.now() - start)}`);
  return outcome;
};

/** Format, types, imports and generated code, as far as the changed files can affect them. */
const quickChecks = (files: string[]): Check[] => {
  const bin = (name: string): string => at("node_modules/.bin", name);
  const formatted = files.filter((path) => /\.(tsx?|json|css|cjs)$/.test(path) && !path.startsWith("proto/gen/"));
  const hasTypes = files.some((path) => /\.tsx?$/.test(path));
  const isContract = files.some((path) => /^(proto|native\/gen)\//.test(path));
  const checks: Check[] = [];
  if (formatted.length > 0) {
    checks.push(program("biome", [bin("biome"), "check", "--no-errors-on-unmatched", ...formatted]));
  }
  if (hasTypes) {
    checks.push(program("types", [bin("tsc"), "-p", "."]));
    const folders = ["build", "cloud", "common", "electron", "renderer", "test"];
    checks.push(program("imports", [node, bin("depcruise"), "--config", ".dependency-cruiser.cjs", ...folders]));
  }
  if (isContract) checks.push(program("generate", [node, "build/generate.ts", "--check"]));
  return checks;
};

const program =
  (name: string, args: string[]): Check =>
  async (deadline) => {
    const start = performance.now();
    if (deadline.aborted) return notRun(name, aMinute);
    const outcome = await command(name, args, { signal: deadline });
    return report(name, deadline.aborted ? notRun(name, aMinute) : outcome, start);
  };

/** The result of a group of tests: finished ones count, the others are listed as not run. */
const outcomeOf = (names: string[], { passed, failed: bad, through }: Finished, trouble: string): Outcome => ({
  passed,
  failed: bad,
  notRun: names.filter((name) => !through.has(name)).map((name) => ({ name, needs: aMinute })),
  trouble: bad > 0 ? trouble : "",
});

const unit =
  (tests: string[]): Check =>
  async (deadline) => {
    if (tests.length === 0) return outcomeOf([], { passed: 0, failed: 0, through: new Set() }, "");
    const start = performance.now();
    const args = ["run", "--config", "vitest.config.ts", "--reporter=default", ...tests];
    const ran = deadline.aborted
      ? undefined
      : await capture("changed-unit", [node, at("node_modules/vitest/vitest.mjs"), ...args], {
          signal: deadline,
          env: { ...process.env, NO_COLOR: "1" },
        });
    const finished = finishedFiles(ran?.out ?? "");
    const outcome = outcomeOf(tests, finished, tail(ran?.all ?? ""));
    if (ran && ran.code !== 0 && outcome.failed === 0 && !deadline.aborted)
      return report("unit", failed(tail(ran.all)), start);
    return ran ? report(`unit tests of ${tests.length} files`, outcome, start) : outcome;
  };

const go =
  (packages: string[], group: number): Check =>
  async (deadline) => {
    const start = performance.now();
    const ran = deadline.aborted
      ? undefined
      : await capture(`changed-go-${group + 1}`, [await findGo(), "test", "-json", ...packages], {
          cwd: at("native"),
          env: goEnvironment(),
          signal: deadline,
        });
    const results = goResults(ran?.out ?? "", deadline.aborted);
    const outcome = outcomeOf(packages, results, results.trouble);
    if (ran && ran.code !== 0 && outcome.failed === 0 && !deadline.aborted)
      return report("go", failed(tail(ran.all)), start);
    return ran ? report(`go tests of ${packages.length} packages`, outcome, start) : outcome;
  };
