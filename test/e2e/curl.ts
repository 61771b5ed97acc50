import { type CommandOptions, command, type Done } from "../harness/command.ts";

/** Time limit of curl, s. */
const limit = "10";

/** Runs curl without the host's own proxy settings. */
export const curl = (
  args: string[],
  options: CommandOptions = {},
  on = (all: string[]): string[] => all,
): Promise<Done> => command(on(["curl", "-sS", "--max-time", limit, "--noproxy", "", ...args]), options);
