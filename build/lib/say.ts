/** Progress is for people: it goes to stderr, so that stdout stays free for what a script was asked for. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** "3.2 s" or "85 ms". */
export const duration = (ms: number): string => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`);

/** Something a person has to know and can act on: printed as its message alone, without a stack. */
export class Trouble extends Error {}

/** Runs a script's main function; after a Trouble it prints one line and ends the process with 1. */
export const main = async (body: () => Promise<void>): Promise<void> => {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
};
