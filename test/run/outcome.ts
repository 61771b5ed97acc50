/** A test that did not run, and what it needs. */
export interface NotRun {
  name: string;
  needs: string;
}

/** The result of a stage. */
export interface Outcome {
  passed: number;
  failed: number;
  notRun: NotRun[];
  /** Output to print after a failure; empty if there was none. */
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

/** Whether all checks were cut off before they had a result, so that nothing is known. */
export const isUnknown = ({ passed, failed, notRun }: Outcome): boolean => passed + failed === 0 && notRun.length > 0;

/**
 * Needs that no Linux package can provide, or that have a separate run: they are listed but never fail, not even in
 * CI.
 */
const cannotBeInstalled =
  /^(npm run soak|more than a minute|the Electron binary|macOS|Windows|another operating system|root|an ordinary user)\b/;

/** With CI=true it is a failure if an installable program is missing. */
export const isFailureInCi = (test: NotRun): boolean => !cannotBeInstalled.test(test.needs);
