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

/** Whether checks were cut off before any of them had a result, which says nothing about what was to be checked. */
export const isUnknown = ({ passed, failed, notRun }: Outcome): boolean => passed + failed === 0 && notRun.length > 0;

/** What no package brings to a Linux machine, and what has a run of its own: its absence is printed and fails nothing, not even in CI. */
const cannotBeInstalled =
  /^(npm run soak|more than a minute|the Electron binary|macOS|Windows|another operating system|root|an ordinary user)\b/;

/** With CI=true whatever could have been installed should have been. */
export const isFailureInCi = (test: NotRun): boolean => !cannotBeInstalled.test(test.needs);
