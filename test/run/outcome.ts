/** A test that did not run, and what it would have needed. */
export interface NotRun {
  name: string;
  needs: string;
}

/** What a stage has to tell. */
export interface Outcome {
  passed: number;
  failed: number;
  notRun: NotRun[];
  /** What to show of a failure; empty when there was none. */
  trouble: string;
}

export const passed = (count = 1): Outcome => ({ passed: count, failed: 0, notRun: [], trouble: "" });

export const failed = (trouble: string, count = 1): Outcome => ({ passed: 0, failed: count, notRun: [], trouble });

export const notRun = (name: string, needs: string): Outcome => ({
  passed: 0,
  failed: 0,
  notRun: [{ name, needs }],
  trouble: "",
});

export const sum = (outcomes: Outcome[]): Outcome => ({
  passed: outcomes.reduce((total, outcome) => total + outcome.passed, 0),
  failed: outcomes.reduce((total, outcome) => total + outcome.failed, 0),
  notRun: outcomes.flatMap((outcome) => outcome.notRun),
  trouble: outcomes
    .map((outcome) => outcome.trouble)
    .filter(Boolean)
    .join("\n"),
});

/** What no package brings to a Linux machine: its absence is told and fails nothing, not even in CI. */
const cannotBeInstalled = /^(the Electron binary|macOS|Windows|another operating system|root|an ordinary user)\b/;

/** With CI=true whatever could have been installed should have been. */
export const isFailureInCi = (test: NotRun): boolean => !cannotBeInstalled.test(test.needs);
