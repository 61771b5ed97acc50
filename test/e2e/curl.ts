import { type CommandOptions, command, type Done } from "../harness/command.ts";

/** s that curl may take. */
const limit = "10";

/** Real curl; proxies of the machine's own settings are left out. */
export const curl = (
  args: string[],
  options: CommandOptions = {},
  on = (all: string[]): string[] => all,
): Promise<Done> => command(on(["curl", "-sS", "--max-time", limit, "--noproxy", "", ...args]), options);
