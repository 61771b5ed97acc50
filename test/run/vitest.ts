import { existsSync, readFileSync, rmSync } from "node:fs";
import { at } from "../../build/lib/root.ts";
import { capture, tail } from "./command.ts";
import { failed, type NotRun, type Outcome } from "./outcome.ts";

/** The parts of Vitest's JSON report that are used. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Runs Vitest with one configuration and counts the results in its report. */
export const vitest = async (name: string, config: string): Promise<Outcome> => {
  const reportFile = at("test-results", `${name}.json`);
  const notRunFile = at("test-results", `${name}.not-run`);
  for (const file of [reportFile, notRunFile]) rmSync(file, { force: true });
  const args = ["run", "--config", config, "--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const ran = await capture(name, [at("node_modules/.bin/node"), at("node_modules/vitest/vitest.mjs"), ...args], {
    env: { ...process.env, SAG_TEST_NOT_RUN: notRunFile, NO_COLOR: "1" },
  });
  if (!existsSync(reportFile)) return failed(tail(ran.all));
  const outcome = count(JSON.parse(readFileSync(reportFile, "utf8")), readNotRun(notRunFile));
  if (ran.code !== 0 && outcome.failed === 0) outcome.failed++;
  if (outcome.failed > 0) outcome.trouble = tail(ran.all);
  return outcome;
};

/** Tests append the reason when they skip themselves (harness/needs.ts), one line of JSON each. */
const readNotRun = (file: string): NotRun[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [];

export const count = (report: Report, reasons: NotRun[]): Outcome => {
  const outcome: Outcome = { passed: 0, failed: 0, notRun: [...reasons], trouble: "" };
  const known = new Set(reasons.map((test) => test.name));
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === "passed") outcome.passed++;
      else if (test.status === "failed") outcome.failed++;
      else if (!known.has(test.fullName))
        outcome.notRun.push({ name: test.fullName, needs: "a reason it did not give" });
    }
    // A file that fails to load has no tests to count.
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) outcome.failed++;
  }
  return outcome;
};
