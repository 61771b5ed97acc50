import { Command, CommanderError } from "commander";
import { Failure } from "../core/causes/failure.ts";
import { createOutput, type Output, tellFailure } from "./output.ts";

/** Flags every verb has. */
export interface CommonFlags {
  json?: boolean;
}

/** What a verb does; loaded only when it is called, so that `sag version` does not pay for TLS. */
export type Verb<Args extends unknown[], Flags> = (
  output: Output,
  flags: Flags & CommonFlags,
  ...args: Args
) => Promise<number>;

/** The `sag` command: reads arguments, calls one verb, answers the exit code. */
export async function runProgram(argv: string[]): Promise<number> {
  const output = createOutput(argv.includes("--json"));
  let exit = 0;
  const program = new Command("sag")
    .description("Dial into your company's intranet.")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "sag: ")) })
    .option("--json", "JSON alone on standard output, failures too");

  /** Commander passes arguments, then flags, then the command. */
  const call =
    <Args extends unknown[], Flags>(load: () => Promise<Verb<Args, Flags>>) =>
    async (...given: unknown[]): Promise<void> => {
      const flags = given.at(-2) as Flags & CommonFlags;
      const verb = await load();
      exit = await verb(output, flags, ...(given.slice(0, -2) as Args));
    };

  program
    .command("version")
    .description("print the version")
    .option("--json", "as JSON")
    .action(call(async () => (await import("./verbs/version.ts")).version));

  try {
    await program.parseAsync(argv, { from: "user" });
    return exit;
  } catch (thrown) {
    return usageExit(output, thrown);
  }
}

function usageExit(output: Output, thrown: unknown): number {
  if (!(thrown instanceof CommanderError)) return tellFailure(output, thrown);
  if (thrown.exitCode === 0) return 0;
  if (output.json) {
    tellFailure(output, new Failure("invalid_argument", { text: thrown.message.replace(/^error: /, "") }));
  }
  return 2;
}
