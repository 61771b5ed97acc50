import { texts } from "../../../common/text/cli.ts";
import { stateOutput } from "../json.ts";
import type { Verb } from "../verb.ts";

export const signOut: Verb<[string | undefined], { intranet?: string; forget?: boolean }> = async (
  context,
  flags,
  named,
) => {
  const { output } = context;
  const state = await (await context.client()).signOut(flags.intranet ?? named, { forget: flags.forget ?? false });
  output.print(
    flags.forget ? texts.cli.account.forgotten(state.intranet) : texts.cli.account.signedOut(state.intranet),
  );
  output.printJson(stateOutput(state));
  return 0;
};
