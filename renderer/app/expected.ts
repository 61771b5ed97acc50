import type { PhaseWord } from "../../electron/bridge.ts";

/** How long an expected phase is shown without confirmation, ms. */
export const patience = 3000;

/** The phase that a click is expected to lead to, shown before it is confirmed. */
export interface Expectation {
  /** The phase when the user clicked. */
  from: PhaseWord;
  to: PhaseWord;
  /** When it expires, ms since the epoch. */
  until: number;
}

export const expecting = (from: PhaseWord, to: "connecting" | "disconnecting", now: number): Expectation => ({
  from,
  to,
  until: now + patience,
});

/** The phase to show: the expected one, until the real one has changed or the expectation has expired. */
export const shownPhase = (real: PhaseWord, expected: Expectation | undefined, now: number): PhaseWord =>
  expected && real === expected.from && now < expected.until ? expected.to : real;

/** Whether the real phase has changed, so that the expectation is no longer needed. */
export const settled = (real: PhaseWord, expected: Expectation): boolean => real !== expected.from;
