import { type Command, CommanderError } from "commander";
import { fail, usage } from "./failures.ts";

/** Does what the arguments say. What is wrong with them is told as every other failure is. */
export async function run(program: Command, json: boolean): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) process.exit(0);
      if (json) fail(usage(error.message), true);
      process.exit(2);
    }
    fail(error, json);
  }
}
