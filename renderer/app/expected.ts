import type { PhaseWord } from "../../electron/bridge.ts";

/** ms after which an unconfirmed state is taken back. */
export const patience = 3000;

/** What a press is going to lead to, shown before it is confirmed. */
export interface Expectation {
  /** The phase at the moment of the press. */
  from: PhaseWord;
  to: PhaseWord;
  /** ms since the epoch at which it is taken back. */
  until: number;
}

export const expecting = (from: PhaseWord, to: "connecting" | "disconnecting", now: number): Expectation => ({
  from,
  to,
  until: now + patience,
});

/** The phase to show: the expected one, until the real one has moved or the time is over. */
export const shownPhase = (real: PhaseWord, expected: Expectation | undefined, now: number): PhaseWord =>
  expected && real === expected.from && now < expected.until ? expected.to : real;

/** Over: the real state has moved, so it speaks for itself. */
export const settled = (real: PhaseWord, expected: Expectation): boolean => real !== expected.from;
