import type { Command } from "commander";
import { exitInterrupted } from "../common/causes/table.ts";
import { ctlTexts } from "../common/text/ctl.ts";
import { Declined } from "./ctl/confirm.ts";
import { fail, usage } from "./failures.ts";
import { tolerateClosedErrors } from "./process.ts";
import { lostResults, watchResults } from "./results.ts";
import { UsageError } from "./usage-words.ts";

/** Runs the command given by the arguments. Usage errors and failed writes to stdout are reported like every other failure. */
export async function run(program: Command, json: boolean): Promise<void> {
  tolerateClosedErrors();
  watchResults();
  try {
    await program.parseAsync();
    const lost = await lostResults();
    if (lost !== undefined) process.exit(lost);
  } catch (error) {
    if (error instanceof UsageError) {
      if (error.exitCode === 0) process.exit((await lostResults()) ?? 0);
      if (json) fail(usage(error), true);
      process.exit(2);
    }
    if (error instanceof Declined) {
      process.stderr.write(`${ctlTexts.confirm.declined}\n`);
      process.exit(exitInterrupted);
    }
    fail(error, json);
  }
}
