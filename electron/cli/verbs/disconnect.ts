import { texts } from "../../../common/text/cli.ts";
import { stateOutput } from "../json.ts";
import type { Verb } from "../verb.ts";

export const disconnect: Verb<[string | undefined], { intranet?: string }> = async (context, flags, named) => {
  const { output } = context;
  const state = await (await context.client()).disconnect(flags.intranet ?? named);
  output.print(texts.cli.connect.disconnected(state.intranet));
  output.printJson(stateOutput(state));
  return 0;
};
