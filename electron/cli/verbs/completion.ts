import { texts } from "../../../common/text/cli.ts";
import { describeCommands } from "../commands.ts";
import { completionScript, shells } from "../completion.ts";
import { readChoice } from "../flags.ts";
import type { Verb } from "../verb.ts";

/** Prints a script that the shell reads once. */
export const completion: Verb<[string], object> = async ({ output }, _flags, given) => {
  const shell = readChoice(texts.cli.refusals.shell, given, shells) ?? "bash";
  const script = completionScript(
    describeCommands(() => async () => undefined),
    shell,
  );
  output.print(script.trimEnd());
  output.printJson({ shell, script });
  return 0;
};
