import { CommanderError } from "commander";
import { commandView, Failure } from "../core/causes/failure.ts";
import { describeCommands } from "./commands.ts";
import { createContext } from "./context.ts";
import { leave } from "./leave.ts";
import { createOutput, type Output, tellFailure } from "./output.ts";
import { usageMessage } from "./usage-error.ts";
import type { Verb } from "./verb.ts";

// Exported from here for main.ts: importing another module would mean reading another file at every start.
export { leave };

/** Runs the `sag` command: parses the arguments, calls one verb and returns the exit code. */
export async function runProgram(argv: string[]): Promise<number> {
  const output = createOutput(ownPart(argv).includes("--json"));
  const [first = ""] = argv.filter((one) => one !== "--json");
  let command = "sag";
  // Errors outside the verb's promise, such as an unhandled error event, are reported without a stack as well.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (thrown) => leave(tellFailure(output, thrown, command)));
  }
  const context = createContext(output);
  let exit = 0;
  const call =
    <Args extends unknown[], Flags>(load: () => Promise<Verb<Args, Flags>>) =>
    async (...given: unknown[]) => {
      const verb = await load();
      exit = await verb(context, given.at(-2) as Flags, ...(given.slice(0, -2) as Args));
    };
  const called = describeCommands(call, first);
  // An unknown verb, an option or `help` needs all verbs: for the help and for suggestions.
  const isVerb = called.commands.length > 0;
  if (isVerb) command = `sag ${first}`;
  const program = isVerb ? called : describeCommands(call);
  try {
    const asVerb = first === "-V" || first === "--version";
    await program.parseAsync(asVerb ? argv.map((one) => (one === first ? "version" : one)) : argv, { from: "user" });
    return exit;
  } catch (thrown) {
    return thrown instanceof CommanderError ? usageExit(output, thrown, command) : tellFailure(output, thrown, command);
  }
}

/** The arguments of sag itself, without those of a command that `sag run` starts. */
function ownPart(argv: string[]): string[] {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const verb = own.findIndex((one) => !one.startsWith("-"));
  if (own[verb] !== "run") return own;
  let at = verb + 1;
  while (own[at]?.startsWith("-")) at += own[at] === "--intranet" ? 2 : 1;
  return own.slice(0, at);
}

function usageExit(output: Output, thrown: CommanderError, command: string): number {
  if (thrown.exitCode === 0) return 0;
  const words = usageMessage(thrown);
  const failure = new Failure("invalid_argument", { text: words });
  // The parser has printed the help instead of an error.
  if (thrown.code !== "commander.help") {
    output.say(`sag: ${words}`);
    output.say(`     ${commandView(failure.view, { command }).action}`);
  }
  // With --json the error goes to stdout as well.
  if (output.json) tellFailure(output, failure, command);
  return 2;
}
