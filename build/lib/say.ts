/** Writes a progress line to stderr; stdout is only for a script's result. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** "3.2 s" or "85 ms". */
export const duration = (ms: number): string => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`);

/** An error that a person can act on; printed as its message, without a stack. */
export class Trouble extends Error {}

/** Runs a script's main function; prints the message of a Trouble and exits with 1. */
export const main = async (body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
};
